//! Ids. Any text that is not one of ours names nothing: 404, never 400 (design 3).

use fermata_types::{RunId, TaskId};

use crate::error::ApiError;

/// A run's id.
pub(crate) fn run_id(text: &str) -> Result<RunId, ApiError> {
    text.parse().map_err(|_| ApiError::no_run(text))
}

/// A task's id.
fn task_id(text: &str) -> Result<TaskId, ApiError> {
    text.parse().map_err(|_| ApiError::no_task(text))
}

/// A task's id that has to be of that run (`conductor-semantics` quirk 70, fixed).
pub(crate) fn task_of(run: &str, task: &str) -> Result<TaskId, ApiError> {
    let run = run_id(run)?;
    let found = task_id(task)?;
    if found.run() == run { Ok(found) } else { Err(ApiError::no_task(task)) }
}
