//! Everything that must follow a decision outside the run. Each effect stages rows with the
//! events; what it rings after the commit is only the bell.

use std::sync::Arc;

use fermata_types::{MessageOffset, Payload, RunId, TaskId, TaskNumber, TaskStatus, Timestamp};

use serde::{Deserialize, Serialize};

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
    /// Keep log lines of a task.
    AppendLogs {
        /// The task.
        task: TaskNumber,
        /// Line and time, in order.
        lines: Vec<(String, Timestamp)>,
    },
}
