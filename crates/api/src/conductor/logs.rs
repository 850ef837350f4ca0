//! Log lines of tasks (`conductor-rest` 1.4).

use axum::extract::State;
use fermata_decider::{Command, Rejection};
use fermata_runtime::EngineError;
use fermata_runtime::shard::request::Wait;
use fermata_types::TaskId;
use fermata_wire::conductor::TaskExecLog;

use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Raw, Segments};
use crate::state::App;

/// `POST /api/tasks/{id}/log`: the body as it is. A line for a task that is not there is dropped
/// and no error, as upstream.
pub(crate) async fn append(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Raw(body): Raw,
) -> Answer {
    if body.is_empty() {
        return Err(ApiError::BadRequest("the body is missing".to_owned()));
    }
    let Ok(line) = String::from_utf8(body.to_vec()) else {
        return Err(ApiError::BadRequest("the body is not UTF-8".to_owned()));
    };
    let Ok(task) = id.parse::<TaskId>() else { return answer::done() };
    let command = Command::AppendLog { task: task.number(), line };
    match app.engine.command(task.run(), command, Wait::Durable).await {
        Ok(_)
        | Err(EngineError::NoSuchRun(_) | EngineError::Rejected(Rejection::NoSuchTask(_))) => {
            answer::done()
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /api/tasks/{id}/log`: 204 when there are none.
pub(crate) async fn list(State(app): State<App>, Segments(id): Segments<String>) -> Answer {
    let Ok(task) = id.parse::<TaskId>() else { return answer::nothing() };
    let lines =
        app.engine.task_logs(task).map_err(|error| ApiError::Internal(error.to_string()))?;
    if lines.is_empty() {
        return answer::nothing();
    }
    let shown = lines.into_iter().map(|(line, at)| TaskExecLog {
        log: Some(line),
        task_id: Some(id.clone()),
        created_time: at.as_ms(),
    });
    answer::json(&shown.collect::<Vec<_>>())
}
