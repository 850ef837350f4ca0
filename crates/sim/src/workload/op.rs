//! What clients and workers ask, and what they hear.

use fermata_decider::run::decide::Reply;
use fermata_runtime::shard::request::{Answer, Failure, Request};
use fermata_types::{RunId, TaskId, TaskNumber, Timestamp};

/// Names what someone asks, over all its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId(pub(crate) u64);

/// What is asked, as far as the checks need to know.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A start, under a key or none; the mark is kept as who asked for the run.
    Start { key: Option<String>, mark: String },
    /// A result that closes a task as COMPLETED, FAILED …, with a tag in its output.
    Close { task: TaskId, tag: String },
    /// A sign of life, progress, a returned lease.
    Touch,
    /// A result by reference name.
    ByReference { run: RunId, tag: String },
    /// A message.
    Message { run: RunId, id: String },
    /// A log line.
    Log { task: TaskId, text: String },
    /// Pause or resume.
    Hold(RunId),
    /// Terminate.
    Terminate(RunId),
    /// Delete.
    Delete(RunId),
    /// A read.
    Read,
    /// A watch: answered when its run ends or blocks.
    Watch,
    /// Definitions.
    Define,
}

/// Something asked, until it is answered or given up.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) what: What,
    pub(crate) shard: usize,
    pub(crate) request: Request,
    /// Attempts left after a lost answer.
    pub(crate) retries: u8,
    /// When the next attempt is made unless an answer has come.
    pub(crate) again: Timestamp,
    /// Copies of the request that were sent.
    pub(crate) sent: u32,
    /// The network may deliver it twice.
    pub(crate) may_double: bool,
}

/// An answer as it crosses the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Started(RunId),
    KeyUsed(RunId),
    Updated(TaskNumber),
    Unchanged,
    Done,
    Refused(String),
    Seen,
    NotFound,
    Failed(Failure),
}

/// What a granted command or result was answered.
pub(crate) fn granted(answer: &Answer) -> Option<&Reply> {
    match answer {
        Answer::Granted(reply) => Some(reply),
        Answer::Updated(updated) => Some(&updated.reply),
        _ => None,
    }
}

impl Told {
    fn granted(reply: &Reply) -> Self {
        match reply {
            Reply::Updated(task) => Self::Updated(*task),
            Reply::Unchanged(_) => Self::Unchanged,
            _ => Self::Done,
        }
    }

    /// The part of an answer that a client takes note of.
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Started(run) => Self::Started(*run),
            Answer::KeyUsed(run) => Self::KeyUsed(*run),
            Answer::Granted(reply) => Self::granted(reply),
            Answer::Updated(updated) => Self::granted(&updated.reply),
            Answer::Done | Answer::Retired(_) => Self::Done,
            Answer::Refused(rejection) => Self::Refused(rejection.to_string()),
            Answer::Leased(_) | Answer::Run(_) | Answer::Watched(_) => Self::Seen,
            Answer::NotFound => Self::NotFound,
            Answer::Failed(failure) => Self::Failed(*failure),
        }
    }
}
