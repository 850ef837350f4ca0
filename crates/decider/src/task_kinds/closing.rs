//! The event that ends a task the server performs itself.

use fermata_types::{Payload, TaskNumber, TaskStatus};
use serde_json::{Value, json};

use crate::context::Context;
use crate::event::{Closed, Event};
use crate::needs::Needs;
use crate::run::task::Task;

/// COMPLETED with that output.
pub(super) fn completed(task: TaskNumber, output: Option<Payload>, context: Context<'_>) -> Event {
    closed(task, TaskStatus::Completed, output, None, context)
}

/// An unsuccessful status with a reason that the output repeats under `error`.
pub(super) fn failed(
    task: TaskNumber,
    status: TaskStatus,
    reason: String,
    context: Context<'_>,
) -> Event {
    let output = Payload::from_value(&json!({ "error": reason }));
    closed(task, status, Some(output), Some(reason), context)
}

/// Any terminal status.
pub(super) fn closed(
    task: TaskNumber,
    status: TaskStatus,
    output: Option<Payload>,
    reason: Option<String>,
    context: Context<'_>,
) -> Event {
    let at = context.now;
    Event::TaskClosed(Box::new(Closed { task, status, output, reason, worker: None, at }))
}

/// A task's own input, parsed.
pub(super) fn input(task: &Task, context: Context<'_>) -> Result<Value, Needs> {
    match context.fetched.payload(task.input) {
        Some(payload) => Ok(payload.to_value()),
        None => Err(Needs::payloads(vec![task.input])),
    }
}
