//! Everything that can be asked of a run. What may be rejected is decided in `run::decide`.

use fermata_types::{Payload, RunEpoch, Span, TaskNumber, TaskStatus, Timestamp};

use serde::{Deserialize, Serialize};

use crate::effect::{ChildEnd, FinishTask, StartAnswer, TaskPlace};
use crate::event::Origin;

/// Statuses a worker may report (`conductor-rest` 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportedStatus {
    /// Goes on.
    InProgress,
    /// Done.
    Completed,
    /// Failed; may be retried.
    Failed,
    /// Failed for good.
    FailedWithTerminalError,
    /// Ended from outside.
    Canceled,
}

impl ReportedStatus {
    /// The terminal task status, or none for "goes on".
    #[must_use]
    pub const fn closes_as(self) -> Option<TaskStatus> {
        match self {
            Self::InProgress => None,
            Self::Completed => Some(TaskStatus::Completed),
            Self::Failed => Some(TaskStatus::Failed),
            Self::FailedWithTerminalError => Some(TaskStatus::FailedWithTerminalError),
            Self::Canceled => Some(TaskStatus::Canceled),
        }
    }
}

/// A worker's result (`conductor-semantics` 1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskUpdate {
    /// The task.
    pub task: TaskNumber,
    /// What it reports.
    pub status: ReportedStatus,
    /// Output, a JSON object; replaces what was there.
    pub output: Payload,
    /// Why it did not complete; cut to 500 characters.
    pub reason: Option<String>,
    /// Who reports.
    pub worker: Option<String>,
    /// Wait before the task may be taken again.
    pub callback_after: Span,
    /// Log lines with the sender's times; the first ten are kept.
    pub logs: Vec<(String, Timestamp)>,
}

/// An update by reference name, or a signal to the first open WAIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceUpdate {
    /// The reference with or without loop suffix; none means the first open WAIT.
    pub reference: Option<String>,
    /// What it reports.
    pub status: ReportedStatus,
    /// A JSON object, merged over the task's output.
    pub output: Payload,
    /// Who reports; none keeps who it was.
    pub worker: Option<String>,
}

/// Something asked of one run.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begin. The run is new.
    Start(Box<Origin>),
    /// Give a queued task to a worker.
    Lease {
        /// The task.
        task: TaskNumber,
        /// Epoch of the queue row it came from.
        epoch: RunEpoch,
        /// Who.
        worker: Option<String>,
    },
    /// Undo a lease whose worker is gone.
    Return {
        /// The task.
        task: TaskNumber,
    },
    /// Take a worker's result.
    Update(Box<TaskUpdate>),
    /// Take a result by reference name, or a signal.
    UpdateByReference(Box<ReferenceUpdate>),
    /// Note a sign of life.
    ExtendLease {
        /// The task.
        task: TaskNumber,
    },
    /// Keep log lines of a task.
    AppendLog {
        /// The task.
        task: TaskNumber,
        /// The line.
        line: String,
    },
    /// Hold.
    Pause,
    /// Go on.
    Resume,
    /// End from outside.
    Terminate {
        /// Why.
        reason: Option<String>,
        /// Whether its failure workflow is started all the same.
        triggers_failure_workflow: bool,
    },
    /// A parent ended; ends this run unless it has ended.
    EndWithParent {
        /// Why.
        reason: String,
    },
    /// A child ended.
    ChildEnded(Box<ChildEnd>),
    /// A start that a task of this run asked for was made, or refused.
    StartAnswered(Box<StartAnswer>),
    /// Accept a message into lane `default`.
    SendMessage {
        /// Its id.
        id: String,
        /// A JSON object.
        payload: Payload,
    },
    /// A deadline was reached.
    DeadlineReached {
        /// Epoch of the deadline row.
        epoch: RunEpoch,
    },
    /// Go on with what is on the agenda.
    Continue,
}

impl Command {
    /// What an event's handler asks of the run of a task.
    #[must_use]
    pub fn finish(wanted: &FinishTask) -> Self {
        match &wanted.place {
            TaskPlace::Task(task) => Self::Update(Box::new(TaskUpdate {
                task: task.number(),
                status: wanted.status,
                output: wanted.output.clone(),
                reason: wanted.reason.clone(),
                worker: None,
                callback_after: Span::ZERO,
                logs: Vec::new(),
            })),
            TaskPlace::Reference(_, reference) => {
                Self::UpdateByReference(Box::new(ReferenceUpdate {
                    reference: Some(reference.clone()),
                    status: wanted.status,
                    output: wanted.output.clone(),
                    worker: None,
                }))
            }
        }
    }
}
