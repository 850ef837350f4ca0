//! TERMINATE: ends the run with a status and an output of its own (`conductor-semantics` 5.13).

use fermata_types::{Payload, RunStatus, TaskStatus};
use serde_json::Value;

use crate::context::Context;
use crate::event::RunOutput;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::closing;

fn wanted_status(input: &Value) -> Option<RunStatus> {
    match input.get("terminationStatus").and_then(Value::as_str)? {
        "COMPLETED" => Some(RunStatus::Completed),
        "FAILED" => Some(RunStatus::Failed),
        "TERMINATED" => Some(RunStatus::Terminated),
        _ => None,
    }
}

/// The task itself: COMPLETED, with what the run's output will be.
pub(crate) fn perform(_run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    if wanted_status(&input).is_none() {
        let reason = "given termination status is not valid".to_owned();
        let event = closing::closed(task.number, TaskStatus::Failed, None, Some(reason), context);
        return Ok(Step::of(vec![event]));
    }
    let output = match input.get("workflowOutput") {
        Some(Value::Object(map)) => Value::Object(map.clone()),
        None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
        Some(other) => serde_json::json!({ "output": other }),
    };
    let output = Some(Payload::from_value(&output));
    Ok(Step::of(vec![closing::completed(task.number, output, context)]))
}

/// The end of the run that it asks for.
pub(crate) fn finish(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let status = wanted_status(&input).unwrap_or(RunStatus::Failed);
    let given = input.get("terminationReason").and_then(Value::as_str);
    let reason = given.map_or_else(
        || format!("Workflow is {status} by TERMINATE task: {}", run.id.task(task.number)),
        str::to_owned,
    );
    let failed_task = (status != RunStatus::Completed).then_some(task.number);
    let ending = finish::Ending { status, reason: Some(reason), failed_task };
    finish::close_with(run, ending, RunOutput::OfTask(task.number), context)
}
