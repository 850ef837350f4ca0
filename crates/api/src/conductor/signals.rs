//! Signals to the first open WAIT of a tree of runs (`conductor-rest` 1.4).

use std::time::Duration;

use axum::extract::State;
use fermata_decider::Rejection;
use fermata_decider::command::ReferenceUpdate;
use fermata_runtime::EngineError;
use fermata_types::Payload;

use super::execute::{self, Asked};
use super::tasks;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Object, Params, Segments, run_id};
use crate::state::App;

/// How long a synchronous signal waits unless it says otherwise, in ms.
const WAIT_MS: i64 = 5000;

/// `POST /api/tasks/{workflowId}/{status}/signal`: 200 also when nothing is blocked.
pub(crate) async fn signal(
    State(app): State<App>,
    Segments((id, status)): Segments<(String, String)>,
    Object(output): Object,
) -> Answer {
    let update = signalled(&status, output)?;
    match app.engine.signal(run_id(&id)?, update).await {
        Ok(_) | Err(EngineError::Rejected(Rejection::NoBlockedTask(_))) => answer::done(),
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/tasks/{workflowId}/{status}/signal/sync`: then waits as a synchronous start does.
pub(crate) async fn signal_sync(
    State(app): State<App>,
    Segments((id, status)): Segments<(String, String)>,
    params: Params,
    Object(output): Object,
) -> Answer {
    let update = signalled(&status, output)?;
    let wait = params.integer::<i64>("timeoutMillis")?.unwrap_or(WAIT_MS);
    let asked = Asked {
        request: None,
        references: Vec::new(),
        wait: Duration::from_millis(u64::try_from(wait).unwrap_or(0)).min(execute::WAIT_MAX),
        strategy: execute::strategy(&params)?,
    };
    let run = run_id(&id)?;
    app.engine.signal(run, update).await?;
    execute::until_blocked(&app, run, asked).await
}

fn signalled(status: &str, output: Payload) -> Result<ReferenceUpdate, ApiError> {
    let status = tasks::status_of(status)?;
    Ok(ReferenceUpdate { reference: None, status, output, worker: None })
}
