//! Handing tasks to workers (`conductor-rest` 1.4, `conductor-semantics` 1.3).

use std::time::Duration;

use axum::extract::State;
use fermata_decider::Run;
use fermata_runtime::engine::{PollRequest, Polled};
use fermata_types::{Payload, limits};
use fermata_wire::conductor::Task;

use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::state::App;
use crate::views::task::Shown;

/// How long a poll waits for a task unless it says otherwise, in ms.
const WAIT_MS: i64 = 100;
/// The longest wait a poll may ask for, in ms.
const WAIT_MS_MAX: i64 = 5000;

/// `GET /api/tasks/poll/{type}`: 204 when there is none.
pub(crate) async fn poll(
    State(app): State<App>,
    Segments(task_type): Segments<String>,
    params: Params,
) -> Answer {
    one(&app, &request(task_type, &params, 1, WAIT_MS)).await
}

/// `GET /api/tasks/poll/batch/{type}`: `[]` when there is none.
pub(crate) async fn poll_batch(
    State(app): State<App>,
    Segments(task_type): Segments<String>,
    params: Params,
) -> Answer {
    let count = params.integer::<i64>("count")?.unwrap_or(1);
    let count = usize::try_from(count).unwrap_or(0).clamp(1, limits::POLL_COUNT_MAX);
    let wait = params.integer::<i64>("timeout")?.unwrap_or(WAIT_MS);
    if wait > WAIT_MS_MAX {
        let text = "Long Poll Timeout value cannot be more than 5 seconds";
        return Err(ApiError::BadRequest(text.to_owned()));
    }
    let polled = app.engine.poll(&request(task_type, &params, count, wait)).await;
    let tasks: Vec<Task> = polled.iter().map(|polled| shown(&app, polled)).collect();
    answer::json(&tasks)
}

/// One task, or 204.
pub(super) async fn one(app: &App, request: &PollRequest) -> Answer {
    match app.engine.poll(request).await.first() {
        Some(polled) => answer::json(&shown(app, polled)),
        None => answer::nothing(),
    }
}

/// An empty domain is none: SDKs leave it out when they have none (`conductor-rest` 1.4).
fn request(task_type: String, params: &Params, count: usize, wait_ms: i64) -> PollRequest {
    PollRequest {
        task_type,
        domain: params.text("domain").map(str::to_owned),
        worker: params.text("workerid").map(str::to_owned),
        count,
        timeout: Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)),
    }
}

fn shown(app: &App, polled: &Polled) -> Task {
    let texts = app.texts.of(&polled.run.definition);
    let limits = app.engine.payload_limits();
    let shown = Shown { run: &polled.run, texts: &texts, limits, now: app.engine.now() };
    let output = match polled.task.output {
        None => Payload::empty_object(),
        // Handed out once more after it reported progress.
        Some(stored) => app.engine.view(Box::new(Run::clone(&polled.run))).payload(stored),
    };
    shown.task(&polled.task, &polled.input, &output)
}
