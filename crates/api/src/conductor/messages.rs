//! Messages to runs (`conductor-rest` 1.2). Errors are plain text.

use axum::extract::State;
use axum::response::Response;
use fermata_decider::Command;
use fermata_runtime::EngineError;
use fermata_runtime::shard::request::Wait;
use fermata_types::RunId;

use crate::answer;
use crate::error::{ApiError, TextError};
use crate::extract::{Object, Segments};
use crate::state::App;

/// `POST /api/workflow/{id}/messages`: answers the message's id.
pub(crate) async fn send(
    State(app): State<App>,
    Segments(id): Segments<String>,
    body: Result<Object, ApiError>,
) -> Result<Response, TextError> {
    let Object(payload) = body?;
    let absent = || TextError(ApiError::NotFound(format!("Workflow not found: {id}")));
    let run: RunId = id.parse().map_err(|_| absent())?;
    let message = app.engine.message_id();
    let command = Command::SendMessage { id: message.clone(), payload };
    match app.engine.command(run, command, Wait::Quiet).await {
        Ok(_) => Ok(answer::text(message)?),
        Err(EngineError::NoSuchRun(_)) => Err(absent()),
        Err(error) => Err(TextError(error.into())),
    }
}
