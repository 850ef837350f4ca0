//! A run as clients see it (`conductor-rest` 3.6 and 3.11).

use std::collections::BTreeSet;

use fermata_decider::run::Run;
use fermata_runtime::engine::run_view::RunView;
use fermata_types::{Payload, TaskStatus};
use fermata_wire::conductor as wire;
use serde_json::value::RawValue;

use super::left_out;
use super::task::Shown;
use crate::external::{Part, PayloadPath};
use crate::state::App;

/// The run, with its tasks if wanted.
pub(crate) fn workflow(app: &App, view: &RunView, include_tasks: bool) -> wire::Workflow {
    let run = &*view.run;
    let (failed_references, failed_names) = failed(run);
    let limits = app.engine.payload_limits();
    let path = |part| PayloadPath::OfRun(run.id, part);
    let (input, input_path) =
        left_out::shown(&view.input(), limits.workflow_input, path(Part::Input));
    let (output, output_path) =
        left_out::shown(&view.output(), limits.workflow_output, path(Part::Output));
    let domains = run.task_to_domain.iter().cloned();
    wire::Workflow {
        create_time: run.created.as_ms(),
        update_time: run.updated.as_ms(),
        created_by: run.created_by.clone(),
        status: run.status,
        end_time: run.ended.as_ms(),
        workflow_id: run.id.to_string(),
        parent_workflow_id: run.parent.map(|parent| parent.run().to_string()),
        parent_workflow_task_id: run.parent.map(|parent| parent.to_string()),
        tasks: if include_tasks { tasks(app, view) } else { Vec::new() },
        input,
        output,
        external_input_payload_storage_path: input_path,
        external_output_payload_storage_path: output_path,
        correlation_id: run.correlation.clone(),
        reason_for_incompletion: run.reason.clone(),
        task_to_domain: Some(domains.collect()),
        failed_reference_task_names: failed_references,
        failed_task_names: failed_names,
        workflow_definition: app.texts.of(&run.definition).whole.clone(),
        priority: i32::from(run.priority),
        variables: object_of(&run.variables),
        last_retried_time: run.clock_restarted.as_ms(),
        idempotency_key: run.idempotency_key.clone(),
        start_time: run.created.as_ms(),
        workflow_name: run.definition.key.name.clone(),
        workflow_version: run.definition.key.version,
        ..wire::Workflow::default()
    }
}

/// All tasks of the run, by number.
pub(crate) fn tasks(app: &App, view: &RunView) -> Vec<wire::Task> {
    let texts = app.texts.of(&view.run.definition);
    let limits = app.engine.payload_limits();
    let shown = Shown { run: &view.run, texts: &texts, limits, now: app.engine.now() };
    view.run.tasks.iter().map(|task| shown.read(view, task)).collect()
}

/// What `GET /workflow/{id}/status` tells.
pub(crate) fn status(
    view: &RunView,
    include_output: bool,
    include_variables: bool,
) -> wire::WorkflowStatusSummary {
    let run = &*view.run;
    wire::WorkflowStatusSummary {
        workflow_id: run.id.to_string(),
        correlation_id: run.correlation.clone().filter(|correlation| !correlation.is_empty()),
        output: include_output.then(|| view.output().to_raw()),
        variables: include_variables.then(|| object_of(&run.variables)),
        status: run.status,
    }
}

/// References and names of failed tasks; the reference server fills them when a run ends
/// (`conductor-semantics` 4.3).
fn failed(run: &Run) -> (Vec<String>, Vec<String>) {
    let is_failed =
        |status| matches!(status, TaskStatus::Failed | TaskStatus::FailedWithTerminalError);
    if !run.status.is_terminal() {
        return (Vec::new(), Vec::new());
    }
    let tasks: Vec<_> = run.tasks.iter().filter(|task| is_failed(task.status)).collect();
    let references: BTreeSet<String> = tasks.iter().map(|task| run.reference_of(task)).collect();
    let names: BTreeSet<String> = tasks.iter().map(|task| run.step_of(task).name.clone()).collect();
    (references.into_iter().collect(), names.into_iter().collect())
}

/// Named payloads as one object.
pub(crate) fn object_of(pairs: &[(String, Payload)]) -> Box<RawValue> {
    let entries: wire::Entries<Box<RawValue>> =
        pairs.iter().map(|(name, value)| (name.clone(), value.to_raw())).collect();
    serde_json::value::to_raw_value(&entries).unwrap_or_else(|_| Payload::empty_object().to_raw())
}
