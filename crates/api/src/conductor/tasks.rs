//! Results of tasks, and tasks themselves (`conductor-rest` 1.4).

use std::time::Duration;

use axum::extract::State;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus, TaskUpdate};
use fermata_decider::run::decide::Reply;
use fermata_decider::{Command, Rejection};
use fermata_runtime::EngineError;
use fermata_runtime::engine::PollRequest;
use fermata_runtime::shard::request::{Updated, Wait};
use fermata_types::{Payload, RunId, Span, TaskId, Timestamp};
use fermata_wire::conductor::{TaskResult, TaskResultStatus};

use super::polls;
use crate::answer::{self, Answer};
use crate::error::ApiError;
use crate::external;
use crate::extract::{Json, Object, Params, Segments, run_id, task_of};
use crate::state::App;
use crate::views::task::Shown;
use crate::views::workflow;

/// How long `update-v2` waits for the next task (`conductor-rest` 1.4).
const NEXT_WAIT: Duration = Duration::from_millis(100);

/// `POST /api/tasks`: echoes the id it was given.
pub(crate) async fn update(State(app): State<App>, Json(result): Json<TaskResult>) -> Answer {
    let id = result.task_id.clone();
    take(&app, result).await?;
    answer::text(id)
}

/// `POST /api/tasks/update-v2`: the same, then the next task for the same worker, if any.
pub(crate) async fn update_and_poll(
    State(app): State<App>,
    Json(result): Json<TaskResult>,
) -> Answer {
    let worker = result.worker_id.clone();
    let updated = match take(&app, result).await? {
        Some(updated) if updated.is_closed => updated,
        _ => return answer::nothing(),
    };
    let request = PollRequest {
        task_type: updated.task_type,
        domain: updated.domain,
        worker,
        count: 1,
        timeout: NEXT_WAIT,
    };
    polls::one(&app, &request).await
}

/// Takes a result. None is an extended lease.
async fn take(app: &App, result: TaskResult) -> Result<Option<Updated>, ApiError> {
    check(&result)?;
    let id = task_of(&result.workflow_instance_id, &result.task_id)?;
    if result.extend_lease {
        extend(app, id).await?;
        return Ok(None);
    }
    let Some(status) = result.status else {
        return Err(ApiError::BadRequest("status: the field is missing".to_owned()));
    };
    let output = result.output_data.map_or_else(Payload::empty_object, Payload::from_raw);
    let path = result.external_output_payload_storage_path;
    let output = match path.filter(|path| !path.trim().is_empty()) {
        Some(path) if output.is_empty_object() => {
            external::resolve(app, "externalOutputPayloadStoragePath", &path).await?
        }
        _ => output,
    };
    let logs = result.logs.into_iter();
    let update = TaskUpdate {
        task: id.number(),
        status: reported(status),
        output,
        reason: result.reason_for_incompletion,
        worker: result.worker_id,
        callback_after: Span::from_seconds(result.callback_after_seconds.max(0)),
        logs: logs
            .filter_map(|line| Some((line.log?, Timestamp::from_ms(line.created_time))))
            .collect(),
    };
    Ok(Some(app.engine.update(id.run(), update).await?))
}

fn check(result: &TaskResult) -> Result<(), ApiError> {
    let texts = [
        (&result.workflow_instance_id, "workflowInstanceId", "Workflow Id"),
        (&result.task_id, "taskId", "Task ID"),
    ];
    let mut errors = Vec::new();
    for (value, field, name) in texts {
        if value.is_empty() {
            errors.push(fermata_wire::conductor::ValidationError {
                path: format!("updateTask.taskResult.{field}"),
                message: format!("{name} cannot be null or empty"),
                invalid_value: None,
            });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

/// A sign of life. The run is not spoken of: what is unknown is the task.
async fn extend(app: &App, id: TaskId) -> Result<(), ApiError> {
    let command = Command::ExtendLease { task: id.number() };
    match app.engine.command(id.run(), command, Wait::Durable).await {
        Ok(_) => Ok(()),
        Err(EngineError::NoSuchRun(_)) => Err(ApiError::no_task(id)),
        Err(error) => Err(error.into()),
    }
}

/// A status of the wire as the decider knows it.
pub(super) const fn reported(status: TaskResultStatus) -> ReportedStatus {
    match status {
        TaskResultStatus::InProgress => ReportedStatus::InProgress,
        TaskResultStatus::Failed => ReportedStatus::Failed,
        TaskResultStatus::FailedWithTerminalError => ReportedStatus::FailedWithTerminalError,
        TaskResultStatus::Completed => ReportedStatus::Completed,
        TaskResultStatus::Canceled => ReportedStatus::Canceled,
    }
}

/// A status in a path.
pub(super) fn status_of(text: &str) -> Result<ReportedStatus, ApiError> {
    match text.parse::<TaskResultStatus>() {
        Ok(status) => Ok(reported(status)),
        Err(error) => Err(ApiError::BadRequest(error.to_string())),
    }
}

/// `POST /api/tasks/{workflowId}/{ref}/{status}`: 200 without a body when no such task is open,
/// whatever the reason.
pub(crate) async fn update_by_reference(
    State(app): State<App>,
    Segments((id, reference, status)): Segments<(String, String, String)>,
    params: Params,
    Object(output): Object,
) -> Answer {
    let update = by_reference(reference, &status, &params, output)?;
    let Ok(run) = run_id(&id) else { return answer::done() };
    match refer(&app, run, update).await {
        Ok(task) => answer::text(task),
        Err(EngineError::NoSuchRun(_) | EngineError::Rejected(Rejection::NoPendingTask { .. })) => {
            answer::done()
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/tasks/{workflowId}/{ref}/{status}/sync`: answers the run.
pub(crate) async fn update_by_reference_sync(
    State(app): State<App>,
    Segments((id, reference, status)): Segments<(String, String, String)>,
    params: Params,
    Object(output): Object,
) -> Answer {
    let absent = Rejection::NoPendingTask { reference: reference.clone(), run: id.clone() };
    let update = by_reference(reference, &status, &params, output)?;
    let absent = || ApiError::from(EngineError::Rejected(absent.clone()));
    let run = run_id(&id).map_err(|_| absent())?;
    refer(&app, run, update).await.map_err(|error| match error {
        EngineError::NoSuchRun(_) => absent(),
        other => other.into(),
    })?;
    let view = app.engine.read(run).await?;
    answer::json(&workflow::workflow(&app, &view, true))
}

fn by_reference(
    reference: String,
    status: &str,
    params: &Params,
    output: Payload,
) -> Result<ReferenceUpdate, ApiError> {
    Ok(ReferenceUpdate {
        reference: Some(reference),
        status: status_of(status)?,
        output,
        worker: params.text("workerid").map(str::to_owned),
    })
}

async fn refer(app: &App, run: RunId, update: ReferenceUpdate) -> Result<TaskId, EngineError> {
    let command = Command::UpdateByReference(Box::new(update));
    match app.engine.command(run, command, Wait::Quiet).await? {
        Reply::Updated(task) | Reply::Unchanged(task) | Reply::Leased(task) => Ok(run.task(task)),
        Reply::Done => Err(EngineError::OutcomeUnknown),
    }
}

/// `GET /api/tasks/{id}`.
pub(crate) async fn get(State(app): State<App>, Segments(id): Segments<String>) -> Answer {
    let absent = || ApiError::NotFound(format!("Task not found for taskId: {id}"));
    let task_id: TaskId = id.parse().map_err(|_| absent())?;
    let view = app.engine.read(task_id.run()).await.map_err(|error| match error {
        EngineError::NoSuchRun(_) => absent(),
        other => other.into(),
    })?;
    let task = view.run.task(task_id.number()).ok_or_else(absent)?;
    let texts = app.texts.of(&view.run.definition);
    let limits = app.engine.payload_limits();
    let shown = Shown { run: &view.run, texts: &texts, limits, now: app.engine.now() };
    answer::json(&shown.read(&view, task))
}
