//! What a task type has to be able to do to be carried out by the server itself.

use std::future::Future;
use std::pin::Pin;

use fermata_decider::command::ReportedStatus;
use fermata_types::Payload;
use serde_json::Value;

/// One attempt at a task.
#[derive(Debug, Clone)]
pub struct Work {
    /// Its input as stored, secrets by their names only: for messages.
    pub shown: Value,
    /// Its input with secrets in it: for the call itself.
    pub input: Value,
    /// Whether somebody else completes the task once this attempt has succeeded.
    pub is_async_complete: bool,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The status to report; IN_PROGRESS leaves the task to somebody else.
    pub status: ReportedStatus,
    /// The output, a JSON object.
    pub output: Payload,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// For the metrics.
    pub ended: Ended,
}

/// How an attempt ended, as metrics count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As wanted.
    Completed,
    /// The other side answered that it would not.
    Refused,
    /// The other side did not answer.
    Unanswered,
    /// It was not begun: the input is wrong, or the server may not.
    Invalid,
}

/// A task type. Attempts may be cut short at any await, when the server stops or the task has
/// ended otherwise, and may be repeated after a crash: at least once, like any worker's.
pub trait SystemTask: Send + Sync + 'static {
    /// The task type, which is also the queue's name.
    fn task_type(&self) -> &'static str;

    /// Makes one attempt, bounded in time and memory. Must not panic.
    fn attempt<'a>(&'a self, work: &'a Work) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
}
