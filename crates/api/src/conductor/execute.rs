//! Synchronous starts (`conductor-rest` 1.1.1): start, then wait until the run ends or something
//! blocks.

use std::time::Duration;

use axum::extract::State;
use fermata_decider::run::Task;
use fermata_runtime::engine::RunView;
use fermata_types::RunId;
use fermata_wire::conductor::{ReturnStrategy, StartWorkflowRequest};

use super::start::{self, Mark};
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Json, Params, Segments};
use crate::state::App;
use crate::streamed::{self, Place, WHOLE_TASKS_MAX};
use crate::views::run::{Target, task_run, workflow_run};

/// How long a synchronous start waits unless it says otherwise.
const WAIT: Duration = Duration::from_secs(10);
/// The longest wait; a request that asks for more gets this much.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(300);

/// `POST /api/workflow/execute/{name}/{version}`; version 0 is the latest.
pub(crate) async fn execute(
    State(app): State<App>,
    Segments((name, version)): Segments<(String, String)>,
    params: Params,
    Json(mut request): Json<StartWorkflowRequest>,
) -> Answer {
    let Ok(version) = version.parse::<i32>() else {
        let text = format!("version: expected an integer in the path, found {version:?}");
        return Err(ApiError::BadRequest(text));
    };
    request.version = Some(version).filter(|version| *version != 0);
    run(&app, name, &params, request).await
}

/// `POST /api/workflow/execute/{name}`: the version of the query or the body, else the latest.
pub(crate) async fn execute_latest(
    State(app): State<App>,
    Segments(name): Segments<String>,
    params: Params,
    Json(mut request): Json<StartWorkflowRequest>,
) -> Answer {
    let version = params.integer("version")?.or(request.version);
    request.version = version.filter(|version| *version != 0);
    run(&app, name, &params, request).await
}

async fn run(
    app: &App,
    name: String,
    params: &Params,
    mut request: StartWorkflowRequest,
) -> Answer {
    request.name = Some(name);
    let seconds = params.integer::<i64>("waitForSeconds")?.unwrap_or(0);
    let wait = match u64::try_from(seconds) {
        Ok(0) | Err(_) => WAIT,
        Ok(seconds) => Duration::from_secs(seconds).min(WAIT_MAX),
    };
    // The Python SDK sends the word `None` when it has no references.
    let references = params.list("waitUntilTaskRef").into_iter().filter(|name| *name != "None");
    let mut asked = Asked {
        request: params.text("requestId").map(str::to_owned),
        references: references.map(str::to_owned).collect(),
        wait,
        strategy: strategy(params)?,
    };
    let id = start::begin(app, request, Mark::Dynamic).await?;
    // Any unique text will do for a request without an id: it is only echoed.
    asked.request.get_or_insert_with(|| id.to_string());
    until_blocked(app, id, asked).await
}

/// What a synchronous request wants.
pub(super) struct Asked {
    /// Its id, echoed.
    pub(super) request: Option<String>,
    /// References whose end blocks.
    pub(super) references: Vec<String>,
    /// How long to wait.
    pub(super) wait: Duration,
    /// What to answer.
    pub(super) strategy: ReturnStrategy,
}

/// The strategy of the query.
pub(super) fn strategy(params: &Params) -> Result<ReturnStrategy, ApiError> {
    match params.text("returnStrategy") {
        None => Ok(ReturnStrategy::default()),
        Some(text) => {
            text.parse().map_err(|error: fermata_wire::conductor::signal::UnknownReturnStrategy| {
                ApiError::BadRequest(error.to_string())
            })
        }
    }
}

/// Waits for the run's end or for something that blocks, and shows what was asked for.
pub(super) async fn until_blocked(app: &App, run: RunId, asked: Asked) -> Answer {
    let watch = app.engine.watch(run, asked.references).await?;
    let watched = app.engine.watched(watch, asked.wait).await?;
    let is_late = watched.is_none();
    let (view, blocking) = match watched {
        Some(watched) => {
            let blocking = watched.blocking.and_then(|(run, number)| {
                let view = app.engine.view(run);
                let task = view.run.task(number).cloned()?;
                Some((view, task))
            });
            (app.engine.view(watched.target), blocking)
        }
        None => (app.engine.read(run).await?, None),
    };
    let target = Target { view: &view, request: asked.request, is_late };
    show(app, target, asked.strategy, blocking.as_ref())
}

/// A run with all its tasks; those of a large one are sent while they are read.
fn show_run(app: &App, target: Target<'_>, strategy: ReturnStrategy, view: &RunView) -> Answer {
    let is_small = view.run.tasks.len() <= WHOLE_TASKS_MAX;
    let run = workflow_run(app, target, strategy, view, is_small);
    if is_small {
        return answer::json(&run);
    }
    streamed::with_tasks(app, view, &run, Place::AfterPayloads)
}

/// Without a blocking task all strategies show the run of the request, and say so in their type
/// (design 12).
fn show(
    app: &App,
    target: Target<'_>,
    strategy: ReturnStrategy,
    blocking: Option<&(RunView, Task)>,
) -> Answer {
    use ReturnStrategy::{BlockingTask, BlockingTaskInput, BlockingWorkflow, TargetWorkflow};
    let view = target.view;
    match (strategy, blocking) {
        (BlockingWorkflow, Some((blocking, _))) => show_run(app, target, strategy, blocking),
        (BlockingTask | BlockingTaskInput, Some((blocking, task))) => {
            answer::json(&task_run(target, strategy, blocking, task))
        }
        (TargetWorkflow | BlockingWorkflow, _) => show_run(app, target, strategy, view),
        (BlockingTask | BlockingTaskInput, None) => show_run(app, target, TargetWorkflow, view),
    }
}
