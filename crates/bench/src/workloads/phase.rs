//! The table of phases: a workload is one phase, or two.

use std::sync::Arc;

use crate::arguments::{Arguments, WorkloadName};
use crate::client::Target;
use crate::definitions::{self, Subject};
use crate::report::{Failures, Measured};
use crate::tracker::Tracker;
use crate::workloads::{handoff, message, queued, sync};

/// What every workload is given.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) target: Arc<Target>,
    pub(crate) arguments: Arguments,
}

/// A stretch of load that is measured and read back by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    OneTask,
    SyncOpen,
    SyncClosed,
    TwentyTask,
    Handoff,
    Message,
}

impl Phase {
    /// The phases of a workload, in order.
    pub(crate) fn of(workload: WorkloadName) -> &'static [Self] {
        match workload {
            WorkloadName::OneTask => &[Self::OneTask],
            WorkloadName::Sync => &[Self::SyncOpen, Self::SyncClosed],
            WorkloadName::TwentyTask => &[Self::TwentyTask],
            WorkloadName::Handoff => &[Self::Handoff],
            WorkloadName::Message => &[Self::Message],
        }
    }

    /// The name printed with its figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneTask => "one-task",
            Self::SyncOpen => "sync (open loop)",
            Self::SyncClosed => "sync (closed loop)",
            Self::TwentyTask => "twenty-task",
            Self::Handoff => "handoff",
            Self::Message => "message",
        }
    }

    /// The workflow it runs.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::OneTask => definitions::one_task(),
            Self::SyncOpen | Self::SyncClosed => definitions::sync(),
            Self::TwentyTask => definitions::twenty_task(),
            Self::Handoff => definitions::handoff(),
            Self::Message => definitions::message(),
        }
    }

    /// Puts the load on and takes the figures.
    ///
    /// # Errors
    /// Only what makes the phase impossible; a failed call is counted, not returned.
    pub(crate) async fn measure(self, context: &Context) -> anyhow::Result<Measured> {
        let subject = self.subject();
        match self {
            Self::OneTask | Self::TwentyTask => queued::measure(context, &subject).await,
            Self::SyncOpen => sync::measure_open(context, &subject).await,
            Self::SyncClosed => sync::measure_closed(context, &subject).await,
            Self::Handoff => handoff::measure(context, &subject).await,
            Self::Message => message::measure(context, &subject).await,
        }
    }
}

/// Moves what every workload has in its tracker into the report.
pub(crate) fn conclude(tracker: &Tracker, measured: &mut Measured) {
    let (by_call, first) = tracker.failures();
    measured.failures = Failures {
        calls: by_call.values().sum(),
        by_call: by_call
            .iter()
            .map(|(call, count)| ((*call).to_owned(), (*count).into()))
            .collect(),
        first: first.to_vec(),
    };
    measured.runs = tracker.begun_runs();
    measured.figure("runs started", measured.runs.len());
    measured.figure("runs never seen done", tracker.open());
    for (name, count) in [
        ("run ids given twice", tracker.begun_again),
        ("last tasks handed out again", tracker.done_again),
        ("runs of somebody else", tracker.foreign_runs()),
    ] {
        if count > 0 {
            measured.figure(name, count);
        }
    }
}
