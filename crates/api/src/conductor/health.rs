//! Health and version (`conductor-rest` 1.9).

use axum::extract::State;

use crate::answer::{self, Answer};
use crate::state::App;

/// `GET /health`: always healthy; a server that is not does not answer.
pub(crate) async fn health() -> Answer {
    answer::raw_json(r#"{"healthResults":[],"suppressedHealthResults":[],"healthy":true}"#)
}

/// `GET /api/version`.
pub(crate) async fn version(State(app): State<App>) -> Answer {
    answer::text(&app.options.version)
}
