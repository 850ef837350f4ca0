//! The table of phases: a workload is one phase, or two.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::arguments::{Arguments, WorkloadName};
use crate::client::Target;
use crate::definitions::{self, Subject};
use crate::host::Host;
use crate::report::{Measured, Skip};
use crate::tracker::Tracker;
use crate::workloads::{
    handoff, isolation, large, message, parked, queued, recovery, sdk, soak, sync,
};

/// What every workload is given.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) target: Arc<Target>,
    pub(crate) arguments: Arguments,
    /// The server, where the tool has started it.
    pub(crate) host: Option<Arc<Host>>,
}

impl Context {
    /// The server's process, where it is known.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.host.as_ref().map_or(self.arguments.pid, |host| host.pid())
    }

    /// The server's data directory, where it is on this machine.
    pub(crate) fn data(&self) -> Option<&Path> {
        match &self.host {
            Some(host) => Some(host.data()),
            None => self.arguments.data_dir.as_deref(),
        }
    }

    /// The server to be ended and started.
    ///
    /// # Errors
    /// [`Skip`]: it was started by somebody else.
    pub(crate) fn own_server(&self) -> anyhow::Result<&Host> {
        let why = "it restarts the server, and only one that --serve starts can be restarted";
        self.host.as_deref().ok_or_else(|| Skip(why.to_owned()).into())
    }
}

/// A stretch of load that is measured and read back by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    OneTask,
    SyncOpen,
    SyncClosed,
    TwentyTask,
    Mixed,
    Handoff,
    HandoffSdk,
    Message,
    Isolation,
    FanOut,
    LongLoop,
    Parked,
    Unpolled,
    Recovery,
    Soak,
}

impl Phase {
    /// The phases of a workload, in order.
    pub(crate) fn of(workload: WorkloadName) -> &'static [Self] {
        match workload {
            WorkloadName::OneTask => &[Self::OneTask],
            WorkloadName::Sync => &[Self::SyncOpen, Self::SyncClosed],
            WorkloadName::TwentyTask => &[Self::TwentyTask],
            WorkloadName::Mixed => &[Self::Mixed],
            WorkloadName::Handoff => &[Self::Handoff],
            WorkloadName::HandoffSdk => &[Self::HandoffSdk],
            WorkloadName::Message => &[Self::Message],
            WorkloadName::Isolation => &[Self::Isolation],
            WorkloadName::Large => &[Self::FanOut, Self::LongLoop],
            WorkloadName::Parked => &[Self::Parked],
            WorkloadName::Unpolled => &[Self::Unpolled],
            WorkloadName::Recovery => &[Self::Recovery],
            WorkloadName::Soak => &[Self::Soak],
        }
    }

    /// The name printed with its figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneTask => "one-task",
            Self::SyncOpen => "sync (open loop)",
            Self::SyncClosed => "sync (closed loop)",
            Self::TwentyTask => "twenty-task",
            Self::Mixed => "mixed",
            Self::Handoff => "handoff",
            Self::HandoffSdk => "handoff-sdk",
            Self::Message => "message",
            Self::Isolation => "isolation",
            Self::FanOut => "large (dynamic fork)",
            Self::LongLoop => "large (loop)",
            Self::Parked => "parked",
            Self::Unpolled => "unpolled",
            Self::Recovery => "recovery",
            Self::Soak => "soak",
        }
    }

    /// The workflow it runs.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::OneTask => definitions::one_task(),
            Self::SyncOpen | Self::SyncClosed => definitions::sync(),
            Self::TwentyTask => definitions::twenty_task(),
            Self::Mixed => definitions::mixed(),
            Self::Handoff => definitions::handoff(),
            Self::HandoffSdk => definitions::handoff_sdk(),
            Self::Message => definitions::message(),
            Self::Isolation => definitions::disturbed(),
            Self::FanOut => definitions::fan_out(),
            Self::LongLoop => definitions::long_loop(),
            Self::Parked => definitions::parked_at_wait(),
            Self::Unpolled => definitions::unpolled(),
            Self::Recovery => definitions::recovery(),
            Self::Soak => definitions::soak(),
        }
    }

    /// A server with nothing in it, for those whose figures are of that alone.
    ///
    /// # Errors
    /// It does not start, or [`Skip`].
    pub(crate) async fn prepare(self, context: &Context) -> anyhow::Result<()> {
        match self {
            Self::Parked | Self::Unpolled | Self::Recovery => {
                context.own_server()?.begin_anew(&[]).await
            }
            Self::Soak => match &context.host {
                Some(host) => host.begin_anew(&context.arguments.scale.soak_serve_arg).await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Puts the load on and takes the figures.
    ///
    /// # Errors
    /// Only what makes the phase impossible; a failed call is counted, not returned.
    pub(crate) async fn measure(self, context: &Context) -> anyhow::Result<Measured> {
        let subject = self.subject();
        match self {
            Self::OneTask | Self::TwentyTask | Self::Mixed => {
                queued::measure(context, &subject).await
            }
            Self::SyncOpen => sync::measure_open(context, &subject).await,
            Self::SyncClosed => sync::measure_closed(context, &subject).await,
            Self::Handoff => handoff::measure(context, &subject).await,
            Self::HandoffSdk => sdk::measure(context, &subject).await,
            Self::Message => message::measure(context, &subject).await,
            Self::Isolation => isolation::measure(context, &subject).await,
            Self::FanOut => large::measure_fan_out(context, &subject).await,
            Self::LongLoop => large::measure_loop(context, &subject).await,
            Self::Parked | Self::Unpolled => parked::measure(context, &subject).await,
            Self::Recovery => recovery::measure(context, &subject).await,
            Self::Soak => soak::measure(context, &subject).await,
        }
    }
}

/// Adds what a tracker has seen to the report.
pub(crate) fn conclude(tracker: &Tracker, measured: &mut Measured) {
    let (by_call, first) = tracker.failures();
    let failures = &mut measured.failures;
    failures.calls += by_call.values().sum::<u64>();
    for (call, count) in by_call {
        let known = failures.by_call.get(*call).and_then(Value::as_u64).unwrap_or(0);
        failures.by_call.insert((*call).to_owned(), (known + count).into());
    }
    failures.first.extend_from_slice(first);
    measured.runs.extend(tracker.begun_runs());
    measured.figure("runs started", measured.runs.len());
    measured.add("runs never seen done", tracker.open());
    for (name, count) in [
        ("run ids given twice", tracker.begun_again),
        ("last tasks handed out again", tracker.done_again),
        ("runs of somebody else", tracker.foreign_runs()),
    ] {
        if count > 0 {
            measured.add(name, count);
        }
    }
}
