//! Everything that must follow a decision outside the run. Each effect stages rows with the
//! events; what it rings after the commit is only the bell.

use std::sync::Arc;

use fermata_types::{
    MessageOffset, Payload, RunEpoch, RunId, TaskId, TaskNumber, TaskStatus, Timestamp,
};

use serde::{Deserialize, Serialize};

use crate::command::ReportedStatus;
use crate::definition::Workflow;
use crate::event::Origin;
use crate::run::Stored;

/// A task's place in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    /// The task.
    pub task: TaskNumber,
    /// Queue name: `[domain:]taskType`.
    pub queue: String,
    /// When it may be taken.
    pub ready: Timestamp,
}

/// How a child run ended, as its parent's task shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildEnd {
    /// The child.
    pub child: RunId,
    /// The parent's task.
    pub parent: TaskId,
    /// COMPLETED, FAILED, TIMED_OUT or CANCELED.
    pub status: TaskStatus,
    /// The child's output, a JSON object.
    pub output: Payload,
    /// Why it did not complete, in the words the parent's task shows; none when it did.
    pub reason: Option<String>,
}

/// A task that left its run's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The task.
    pub task: TaskNumber,
    /// Where its payloads are.
    pub payloads: Vec<Stored>,
}

/// What to do about an idempotency key that was used before (`conductor-rest` 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// Refuse.
    Fail,
    /// Answer the run that has it.
    ReturnExisting,
    /// Refuse while that run is open, else start anew.
    FailOnRunning,
}

/// An idempotency key and its strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// The caller's key.
    pub key: String,
    /// What to do if it was used.
    pub strategy: Strategy,
}

/// The task that asked for a start and waits to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBy {
    /// The task.
    pub task: TaskId,
    /// The epoch of its run when it asked: an answer to a task that was reset since is stale.
    pub epoch: RunEpoch,
}

/// A run to be started that is no part of the tree of the run that asks for it.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// Its id; none when an idempotency key decides whether there is a new one.
    pub run: Option<RunId>,
    /// Its definition.
    pub definition: Arc<Workflow>,
    /// How it begins.
    pub origin: Origin,
    /// The key under which a second start is the same start.
    pub idempotency: Option<Idempotency>,
    /// Who waits to hear of it; nobody for a failure workflow.
    pub asked_by: Option<AskedBy>,
}

/// Which task an event's handler means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskPlace {
    /// By its id.
    Task(TaskId),
    /// The open task of that reference in a run.
    Reference(RunId, String),
}

/// A task that an event's handler ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishTask {
    /// Which.
    pub place: TaskPlace,
    /// COMPLETED or FAILED.
    pub status: ReportedStatus,
    /// A JSON object.
    pub output: Payload,
    /// Why it did not complete.
    pub reason: Option<String>,
}

impl FinishTask {
    /// The run of the task.
    #[must_use]
    pub const fn run(&self) -> RunId {
        match &self.place {
            TaskPlace::Task(task) => task.run(),
            TaskPlace::Reference(run, _) => *run,
        }
    }
}

/// What came of a [`StartRun`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartAnswer {
    /// Who asked.
    pub asked_by: AskedBy,
    /// The run, or why there is none.
    pub outcome: Result<RunId, String>,
}

/// A consequence outside the run.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Put a task into its queue.
    Enqueue(QueuePlace),
    /// Take a task out of its queue.
    Dequeue(QueuePlace),
    /// Start a child run in the same shard.
    StartChild {
        /// Its id, recorded in the parent's event.
        child: RunId,
        /// Its definition.
        definition: Arc<Workflow>,
        /// How it begins.
        origin: Box<Origin>,
    },
    /// End a child run because its parent ended.
    EndChild {
        /// The child.
        child: RunId,
        /// Why.
        reason: String,
    },
    /// Tell the parent that this run has ended.
    NotifyParent(Box<ChildEnd>),
    /// Keep a message in lane `default`.
    AppendMessage {
        /// Its place in the lane.
        offset: MessageOffset,
        /// Its id.
        id: String,
        /// A JSON object.
        payload: Payload,
        /// When it was accepted.
        received: Timestamp,
    },
    /// Messages up to this offset are consumed.
    ConsumeMessages {
        /// The first that goes.
        from: MessageOffset,
        /// The last that goes.
        through: MessageOffset,
    },
    /// Tasks are gone from the state: what is kept for them alone goes too. Their history stays.
    ForgetTasks(Vec<Forgotten>),
    /// Start a run that is no part of this tree, wherever its id belongs.
    StartRun(Box<StartRun>),
    /// End a task of any run; one that is not there or has ended is left as it is.
    FinishTask(Box<FinishTask>),
    /// Keep log lines of a task.
    AppendLogs {
        /// The task.
        task: TaskNumber,
        /// Line and time, in order.
        lines: Vec<(String, Timestamp)>,
    },
}
