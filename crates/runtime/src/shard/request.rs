//! What a shard can be asked, and what it answers.

use std::sync::Arc;

use fermata_decider::definition::Workflow;
use fermata_decider::event::Origin;
use fermata_decider::run::decide::Reply;
use fermata_decider::run::{Run, Task};
use fermata_decider::{Command, Rejection};
use fermata_storage::{DefinitionKey, DefinitionRow, EndedRow, QueueKey};
use fermata_types::{Payload, RunEpoch, RunId, ShardKey, TaskNumber};

/// Names a request until it is answered. Given by the driver, unique per shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What to do about an idempotency key that was used before (`conductor-rest` 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Refuse.
    Fail,
    /// Answer the run that has it.
    ReturnExisting,
    /// Refuse while that run is open, else start anew.
    FailOnRunning,
}

/// An idempotency key and its strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key.
    pub key: String,
    /// What to do if it was used.
    pub strategy: Strategy,
}

/// A start.
#[derive(Debug, Clone)]
pub struct Start {
    /// The definition, resolved and compiled.
    pub definition: Arc<Workflow>,
    /// How it begins; `at` is set by the shard.
    pub origin: Origin,
    /// The key the run's id will carry.
    pub shard_key: ShardKey,
    /// Given by a caller that may repeat itself.
    pub idempotency: Option<Idempotency>,
}

/// When a request is answered, besides after its batch is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// At once.
    Durable,
    /// When the run is quiet, at the latest after one second (design 2.9).
    Quiet,
}

/// Something asked of a shard.
#[derive(Debug, Clone)]
pub enum Request {
    /// Start a run.
    Start(Box<Start>),
    /// Ask something of a run.
    Run {
        /// The run.
        run: RunId,
        /// What.
        command: Command,
        /// When to answer.
        wait: Wait,
    },
    /// Give the task of a queue row to a worker.
    Lease {
        /// The row.
        key: QueueKey,
        /// Its run epoch.
        epoch: RunEpoch,
        /// Who.
        worker: Option<String>,
    },
    /// Signal the first open WAIT of a run or of its children, depth first.
    Signal {
        /// The run.
        run: RunId,
        /// The update; its reference is none.
        update: fermata_decider::command::ReferenceUpdate,
    },
    /// A copy of a run's state.
    Read(RunId),
    /// Tell when a run ends or blocks (`conductor-rest` 1.1.1).
    Watch {
        /// The run.
        run: RunId,
        /// References whose end blocks.
        references: Vec<String>,
    },
    /// Stop watching; the watch is answered as a read.
    Unwatch {
        /// The run.
        run: RunId,
        /// The watch's token.
        watch: Token,
    },
    /// Remove a run and all its rows.
    Delete(RunId),
    /// Remove what ended long enough ago, if it is still so.
    Retire(Box<EndedRow>),
    /// Change registered definitions (shard 0 only).
    Define {
        /// Rows to write.
        puts: Vec<DefinitionRow>,
        /// Rows to remove.
        deletes: Vec<DefinitionKey>,
    },
}

/// A leased task with what its run knows of it.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The run without its tasks: ids, correlation, priority, definition.
    pub run: Arc<Run>,
    /// The task.
    pub task: Task,
    /// Its input when it is in memory; else it has to be read.
    pub input: Option<Payload>,
}

/// A task that a worker's result was for, after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// Whether the result was taken.
    pub reply: Reply,
    /// Whether the attempt itself has ended, other than with its run.
    pub is_closed: bool,
    /// Its type.
    pub task_type: String,
    /// Domain of its queue.
    pub domain: Option<String>,
}

/// A watch came true.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The run that was watched.
    pub target: Box<Run>,
    /// The run that blocks, if it is another, and its task.
    pub blocking: Option<(Box<Run>, TaskNumber)>,
}

/// What a shard answers. Everything in an answer is durable, but for a lease (design 2.6).
#[derive(Debug)]
pub enum Answer {
    /// A run was started, or found under its idempotency key.
    Started(RunId),
    /// Its idempotency key was used by that run.
    KeyUsed(RunId),
    /// A command was granted.
    Granted(Reply),
    /// A worker's result was granted.
    Updated(Box<Updated>),
    /// A command was refused.
    Refused(Rejection),
    /// A task was leased.
    Leased(Box<Leased>),
    /// A run's state.
    Run(Box<Run>),
    /// A watch came true, or was taken back.
    Watched(Box<Watched>),
    /// There is no such run.
    NotFound,
    /// What had ended is removed; rows of the children it leaves.
    Retired(Vec<EndedRow>),
    /// Done.
    Done,
    /// The machinery failed; nothing is known to have happened.
    Failed(Failure),
}

/// Why a shard cannot answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The disk is full: nothing happened. Try again later.
    #[error("storage is full")]
    StorageFull,
    /// Another server owns the shard: nothing happened. Try again.
    #[error("the shard has moved")]
    Fenced,
    /// The rows of the run cannot be read.
    #[error("the run cannot be loaded")]
    Unreadable,
    /// Too much is waiting. Try again later.
    #[error("the server is overloaded")]
    Overloaded,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}
