//! Reading and steering runs (`conductor-rest` 1.1).

use axum::extract::State;
use fermata_decider::Command;
use fermata_runtime::engine::RunView;
use fermata_runtime::shard::request::Wait;
use fermata_types::RunId;
use fermata_wire::conductor::SearchResult;

use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::extract::{Params, Segments, run_id};
use crate::state::App;
use crate::streamed::{self, Place, WHOLE_TASKS_MAX};
use crate::views::task::Shown;
use crate::views::workflow;

/// Tasks that `GET …/tasks` shows unless told otherwise.
const TASKS_PER_PAGE: usize = 15;

/// `GET /api/workflow/{id}`.
pub(crate) async fn get(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    let include_tasks = params.boolean("includeTasks", true)?;
    let view = read(&app, &id).await?;
    if include_tasks && view.run.tasks.len() > WHOLE_TASKS_MAX {
        let shell = workflow::workflow(&app, &view, false);
        return streamed::with_tasks(&app, &view, &shell, Place::BeforePayloads);
    }
    answer::json(&workflow::workflow(&app, &view, include_tasks))
}

/// `GET /api/workflow/{id}/status`.
pub(crate) async fn status(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    let include_output = params.boolean("includeOutput", false)?;
    let include_variables = params.boolean("includeVariables", false)?;
    let view = read(&app, &id).await?;
    answer::json(&workflow::status(&view, include_output, include_variables))
}

/// `GET /api/workflow/{id}/tasks`: a page of the tasks with one of the statuses.
pub(crate) async fn tasks(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    let start = params.integer::<i64>("start")?.unwrap_or(0);
    let start = usize::try_from(start).unwrap_or(0);
    let count = params.integer::<i64>("count")?;
    let count = count.map_or(TASKS_PER_PAGE, |count| usize::try_from(count).unwrap_or(0));
    let wanted: Vec<String> =
        params.list("status").into_iter().map(str::to_ascii_uppercase).collect();
    let view = read(&app, &id).await?;
    let is_wanted = |task: &&fermata_decider::run::Task| {
        let status = view.run.shown_status(task).as_str();
        wanted.is_empty() || wanted.iter().any(|wanted| wanted == status)
    };
    let total = view.run.tasks.iter().filter(is_wanted).count();
    let texts = app.texts.of(&view.run.definition);
    let limits = app.engine.payload_limits();
    let shown = Shown { run: &view.run, texts: &texts, limits, now: app.engine.now() };
    let page = view.run.tasks.iter().filter(is_wanted).skip(start).take(count);
    answer::json(&SearchResult {
        total_hits: i64::try_from(total).unwrap_or(i64::MAX),
        results: page.map(|task| shown.read(&view, task)).collect(),
    })
}

/// `PUT /api/workflow/{id}/pause`.
pub(crate) async fn pause(State(app): State<App>, Segments(id): Segments<String>) -> Answer {
    command(&app, &id, Command::Pause).await?;
    answer::done()
}

/// `PUT /api/workflow/{id}/resume`.
pub(crate) async fn resume(State(app): State<App>, Segments(id): Segments<String>) -> Answer {
    command(&app, &id, Command::Resume).await?;
    answer::done()
}

/// `PUT /api/workflow/decide/{id}`: a run is never left undecided, so this only looks whether it
/// is there.
pub(crate) async fn decide(State(app): State<App>, Segments(id): Segments<String>) -> Answer {
    command(&app, &id, Command::Continue).await?;
    answer::done()
}

/// `DELETE /api/workflow/{id}`.
pub(crate) async fn terminate(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    command(&app, &id, terminated(params.text("reason"))).await?;
    answer::done()
}

/// `DELETE /api/workflow/{id}/remove`.
pub(crate) async fn remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    removed(&app, &id, params.boolean("archiveWorkflow", true)?).await?;
    answer::done()
}

/// `DELETE /api/workflow/{id}/terminate-remove`.
pub(crate) async fn terminate_remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    params: Params,
) -> Answer {
    let archive = params.boolean("archiveWorkflow", true)?;
    command(&app, &id, terminated(params.text("reason"))).await?;
    removed(&app, &id, archive).await?;
    answer::done()
}

/// The run of an id, as it is durable.
pub(super) async fn read(app: &App, id: &str) -> Result<RunView, ApiError> {
    Ok(app.engine.read(run_id(id)?).await?)
}

/// Ends a run for that reason.
pub(super) fn terminated(reason: Option<&str>) -> Command {
    Command::Terminate { reason: reason.map(str::to_owned) }
}

/// Asks something of a run and waits until it is quiet.
pub(super) async fn command(app: &App, id: &str, command: Command) -> Result<RunId, ApiError> {
    let run = run_id(id)?;
    app.engine.command(run, command, Wait::Quiet).await?;
    Ok(run)
}

/// Removes a run. An open one only without `archive`: the reference server archives nothing that
/// is not over.
pub(super) async fn removed(app: &App, id: &str, archive: bool) -> Result<(), ApiError> {
    let run = run_id(id)?;
    if archive {
        let status = app.engine.read(run).await?.run.status;
        if !status.is_terminal() {
            let text = format!("Cannot archive workflow: {id} with status: {status}");
            return Err(ApiError::BadRequest(text));
        }
    }
    Ok(app.engine.delete(run).await?)
}
