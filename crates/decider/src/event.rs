//! Everything that can have happened to a run. Events are facts: numbered, never rejected, never
//! changed. Stored form: `storage`'s history codec; a variant's position is its number for ever.

use fermata_types::{Payload, RunId, Span, TaskId, TaskNumber, TaskStatus, Timestamp};
use serde::{Deserialize, Serialize};

use crate::definition::{DefinitionHash, StepId};
use crate::planned::Planned;

/// How a run came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Hash of the resolved definition.
    pub definition: DefinitionHash,
    /// Start input, `inputTemplate` merged.
    pub input: Payload,
    /// The caller's own name for it.
    pub correlation: Option<String>,
    /// 0..=99, higher first.
    pub priority: u8,
    /// Task type to domains, as given.
    pub task_to_domain: Vec<(String, String)>,
    /// The SUB_WORKFLOW task that started it, and how deep below the root it is.
    pub parent: Option<(TaskId, u32)>,
    /// Who asked.
    pub created_by: Option<String>,
    /// The idempotency key it was started under.
    pub idempotency_key: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A task was made from a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Its number, the next of the run.
    pub number: TaskNumber,
    /// The step.
    pub step: StepId,
    /// Iteration of the enclosing loop, from 1; 0 outside.
    pub iteration: u32,
    /// The enclosing loop's task; 0 outside.
    pub scope: TaskNumber,
    /// Attempts before this one.
    pub retry_count: u32,
    /// The attempt this one replaces; 0 for the first.
    pub replaces: TaskNumber,
    /// SCHEDULED when a worker has to take it, else IN_PROGRESS.
    pub status: TaskStatus,
    /// Resolved input.
    pub input: Payload,
    /// Wait before it may be taken.
    pub delay: Span,
    /// Domain of its queue.
    pub domain: Option<String>,
    /// The child run, for SUB_WORKFLOW.
    pub child: Option<RunId>,
    /// When a timed WAIT ends.
    pub wait_until: Option<Timestamp>,
    /// Reason carried over from the failed attempt (quirk 11).
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The task.
    pub task: TaskNumber,
    /// Its terminal status.
    pub status: TaskStatus,
    /// Its output; none keeps what it had.
    pub output: Option<Payload>,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// Who reported it; none keeps who it was.
    pub worker: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Where a run's output comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunOutput {
    /// Nothing: `{}`.
    Empty,
    /// The evaluated `outputParameters`.
    Value(Payload),
    /// The output of that task.
    OfTask(TaskNumber),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The run began.
    RunStarted(Box<Origin>),
    /// A task was made.
    TaskScheduled(Box<Scheduled>),
    /// A worker took a task.
    TaskLeased {
        /// The task.
        task: TaskNumber,
        /// Who.
        worker: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A worker reported that it goes on (`IN_PROGRESS`).
    TaskProgressed {
        /// The task.
        task: TaskNumber,
        /// Output so far; replaces what was there.
        output: Payload,
        /// Reason so far.
        reason: Option<String>,
        /// Who.
        worker: Option<String>,
        /// Wait before it may be taken again.
        callback_after: Span,
        /// When.
        at: Timestamp,
    },
    /// A worker showed a sign of life.
    LeaseExtended {
        /// The task.
        task: TaskNumber,
        /// When.
        at: Timestamp,
    },
    /// An attempt ended.
    TaskClosed(Box<Closed>),
    /// A final failure of an optional task was forgiven: `COMPLETED_WITH_ERRORS`.
    TaskForgiven {
        /// The task.
        task: TaskNumber,
    },
    /// A closed task is done with: what follows it is due.
    TaskSettled {
        /// The task.
        task: TaskNumber,
    },
    /// A SWITCH chose.
    BranchChosen {
        /// The SWITCH task.
        task: TaskNumber,
        /// First step of the branch; none goes on after the SWITCH.
        first: Option<StepId>,
    },
    /// A loop began an iteration.
    LoopAdvanced {
        /// The DO_WHILE task.
        task: TaskNumber,
        /// The iteration that begins, from 1.
        iteration: u32,
        /// When.
        at: Timestamp,
    },
    /// Variables got values.
    VariablesSet {
        /// Name and value.
        values: Vec<(String, Payload)>,
    },
    /// Someone held the run.
    RunPaused {
        /// When.
        at: Timestamp,
    },
    /// Someone let it go on.
    RunResumed {
        /// When.
        at: Timestamp,
    },
    /// The run ended.
    RunClosed {
        /// Its terminal status.
        status: fermata_types::RunStatus,
        /// Its output.
        output: RunOutput,
        /// Why.
        reason: Option<String>,
        /// The task that ended it.
        failed_task: Option<TaskNumber>,
        /// When.
        at: Timestamp,
    },
    /// A worker was gone before the task reached it: the lease is undone.
    TaskReturned {
        /// The task.
        task: TaskNumber,
        /// When.
        at: Timestamp,
    },
    /// The delay of a SUB_WORKFLOW task is over: its child begins.
    ChildStarted {
        /// The task.
        task: TaskNumber,
        /// The child.
        child: RunId,
        /// When.
        at: Timestamp,
    },
    /// The branches of a dynamic fork are fixed.
    BranchesPlanned(Box<Planned>),
    /// What the DYNAMIC task of that number is, which is made next.
    TaskResolved {
        /// The task.
        task: TaskNumber,
        /// The step it is made from: the DYNAMIC one with name, type and task definition put in.
        /// Always inline, because `apply` needs it.
        step: Payload,
    },
    /// A loop over a list began an iteration with that item.
    ItemTaken {
        /// The DO_WHILE task.
        task: TaskNumber,
        /// The iteration that begins, from 1.
        iteration: u32,
        /// The item, as it was when the iteration began.
        item: Payload,
        /// When.
        at: Timestamp,
    },
    /// A loop that keeps only its last iterations dropped the others: what they did is over, and
    /// their finished tasks are gone.
    IterationsDropped {
        /// The DO_WHILE task.
        task: TaskNumber,
        /// The last iteration that goes.
        through: u32,
    },
}

impl Event {
    /// The payload this event brought, if any: kept apart when it is large.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::RunStarted(origin) => Some(&origin.input),
            Self::TaskScheduled(scheduled) => Some(&scheduled.input),
            Self::TaskProgressed { output, .. } => Some(output),
            Self::TaskClosed(closed) => closed.output.as_ref(),
            Self::RunClosed { output: RunOutput::Value(payload), .. } => Some(payload),
            Self::ItemTaken { item, .. } => Some(item),
            _ => None,
        }
    }

    /// The same place, to take a large payload out of the event or put it back.
    pub fn payload_mut(&mut self) -> Option<&mut Payload> {
        match self {
            Self::RunStarted(origin) => Some(&mut origin.input),
            Self::TaskScheduled(scheduled) => Some(&mut scheduled.input),
            Self::TaskProgressed { output, .. } => Some(output),
            Self::TaskClosed(closed) => closed.output.as_mut(),
            Self::RunClosed { output: RunOutput::Value(payload), .. } => Some(payload),
            Self::ItemTaken { item, .. } => Some(item),
            _ => None,
        }
    }
}
