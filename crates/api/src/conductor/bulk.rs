//! One operation on many runs (`conductor-rest` 1.3): always 200, failures by id.

use axum::extract::State;
use fermata_decider::Command;
use fermata_wire::conductor::BulkResponse;

use super::workflows;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{JsonList, Params};
use crate::state::App;

/// Ids one request may name.
const IDS_MAX: usize = 1000;

/// `PUT /api/workflow/bulk/pause`.
pub(crate) async fn pause(State(app): State<App>, JsonList(ids): JsonList<String>) -> Answer {
    commands(&app, "pauseWorkflow", ids, &Command::Pause).await
}

/// `PUT /api/workflow/bulk/resume`.
pub(crate) async fn resume(State(app): State<App>, JsonList(ids): JsonList<String>) -> Answer {
    commands(&app, "resumeWorkflow", ids, &Command::Resume).await
}

/// `POST /api/workflow/bulk/terminate`.
pub(crate) async fn terminate(
    State(app): State<App>,
    params: Params,
    JsonList(ids): JsonList<String>,
) -> Answer {
    commands(&app, "terminate", ids, &workflows::terminated(&params)?).await
}

/// `DELETE /api/workflow/bulk/remove`.
pub(crate) async fn remove(
    State(app): State<App>,
    params: Params,
    JsonList(ids): JsonList<String>,
) -> Answer {
    let archive = params.boolean("archiveWorkflow", true)?;
    check(&ids, "deleteWorkflow")?;
    let mut outcome = Outcome::default();
    for id in ids {
        let result = workflows::removed(&app, &id, archive).await;
        outcome.add(id, result)?;
    }
    outcome.answer()
}

/// `DELETE /api/workflow/bulk/terminate-remove`: an id appears once for each of the two steps.
pub(crate) async fn terminate_remove(
    State(app): State<App>,
    params: Params,
    JsonList(ids): JsonList<String>,
) -> Answer {
    let archive = params.boolean("archiveWorkflow", true)?;
    check(&ids, "terminateRemove")?;
    let mut outcome = Outcome::default();
    for id in ids {
        let command = workflows::terminated(&params)?;
        let ended = workflows::command(&app, &id, command).await.map(|_| ());
        outcome.add(id.clone(), ended)?;
        let removed = workflows::removed(&app, &id, archive).await;
        outcome.add(id, removed)?;
    }
    outcome.answer()
}

async fn commands(app: &App, operation: &str, ids: Vec<String>, command: &Command) -> Answer {
    check(&ids, operation)?;
    let mut outcome = Outcome::default();
    for id in ids {
        let result = workflows::command(app, &id, command.clone()).await.map(|_| ());
        outcome.add(id, result)?;
    }
    outcome.answer()
}

fn check(ids: &[String], operation: &str) -> Result<(), ApiError> {
    let text = match ids.len() {
        0 => "WorkflowIds list cannot be null.".to_owned(),
        1..=IDS_MAX => return Ok(()),
        _ => format!("Cannot process more than {IDS_MAX} workflows. Please use multiple requests."),
    };
    Err(ApiError::invalid(format!("{operation}.workflowIds"), text, None))
}

#[derive(Default)]
struct Outcome {
    failed: Vec<(String, String)>,
    succeeded: Vec<String>,
}

impl Outcome {
    /// Notes how it went with one id. An unknown outcome ends the whole request.
    fn add(&mut self, id: String, result: Result<(), ApiError>) -> Result<(), ApiError> {
        match result {
            Ok(()) => self.succeeded.push(id),
            Err(error) if error.status().is_none() => return Err(error),
            Err(error) => match self.failed.iter_mut().find(|(known, _)| *known == id) {
                Some((_, text)) => *text = error.to_string(),
                None => self.failed.push((id, error.to_string())),
            },
        }
        Ok(())
    }

    fn answer(self) -> Answer {
        answer::json(&BulkResponse {
            bulk_error_results: self.failed.into_iter().collect(),
            bulk_successful_results: self.succeeded,
        })
    }
}
