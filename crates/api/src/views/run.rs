//! Answers of synchronous starts and signals (`conductor-rest` 3.12).

use fermata_decider::run::Task;
use fermata_runtime::engine::run_view::RunView;
use fermata_wire::conductor as wire;
use fermata_wire::conductor::ReturnStrategy;

use super::workflow::{object_of, tasks};
use crate::state::App;

/// What every synchronous answer tells of its request.
pub(crate) struct Target<'a> {
    /// The run of the request.
    pub(crate) view: &'a RunView,
    /// The request's id.
    pub(crate) request: Option<String>,
    /// Whether the time to wait has passed.
    pub(crate) is_late: bool,
}

/// A run: that of the request, or the one that blocks; with its tasks, unless they follow.
pub(crate) fn workflow_run(
    app: &App,
    target: Target<'_>,
    strategy: ReturnStrategy,
    view: &RunView,
    include_tasks: bool,
) -> wire::WorkflowRun {
    let run = &*view.run;
    wire::WorkflowRun {
        response_type: strategy,
        target_workflow_id: target.view.run.id.to_string(),
        target_workflow_status: target.view.run.status,
        request_id: target.request,
        workflow_id: run.id.to_string(),
        correlation_id: run.correlation.clone(),
        input: view.input().to_raw(),
        output: view.output().to_raw(),
        signal_timeout: target.is_late,
        priority: i32::from(run.priority),
        variables: object_of(&run.variables),
        tasks: if include_tasks { tasks(app, view) } else { Vec::new() },
        created_by: run.created_by.clone(),
        create_time: run.created.as_ms(),
        status: run.status,
        update_time: run.updated.as_ms(),
    }
}

/// The task that blocks.
pub(crate) fn task_run(
    target: Target<'_>,
    strategy: ReturnStrategy,
    view: &RunView,
    task: &Task,
) -> wire::TaskRun {
    let run = &*view.run;
    let step = run.step_of(task);
    let is_replacement = task.replaces() != fermata_types::TaskNumber(0);
    wire::TaskRun {
        response_type: strategy,
        target_workflow_id: target.view.run.id.to_string(),
        target_workflow_status: target.view.run.status,
        request_id: target.request,
        workflow_id: run.id.to_string(),
        correlation_id: run.correlation.clone(),
        input: view.task_input(task).to_raw(),
        output: view.task_output(task).to_raw(),
        signal_timeout: target.is_late,
        task_type: step.task_type.clone(),
        task_id: run.id.task(task.number).to_string(),
        reference_task_name: run.reference_of(task),
        retry_count: i32::try_from(task.retry_count()).unwrap_or(i32::MAX),
        task_def_name: step.name.clone(),
        retried_task_id: is_replacement.then(|| run.id.task(task.replaces()).to_string()),
        workflow_type: run.definition.key.name.clone(),
        reason_for_incompletion: task.reason().map(str::to_owned),
        priority: i32::from(run.priority),
        variables: None,
        tasks: None,
        created_by: task.worker().map(str::to_owned),
        create_time: task.started.as_ms(),
        update_time: task.updated.as_ms(),
        status: run.shown_status(task),
    }
}
