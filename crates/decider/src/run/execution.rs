//! A run that ends, as JSON: what its failure workflow is given as `failedWorkflow`
//! (`conductor-semantics` 4.13). The names are those of `conductor-rest` 3.4 and 3.6.

use std::collections::BTreeSet;

use fermata_types::{Payload, TaskNumber, TaskStatus, Timestamp};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::expression::DESCENT_TASKS_MAX;
use crate::needs::Needs;
use crate::run::derived::{self, Lack, Part};
use crate::run::plan::finish::Ending;
use crate::run::state::Run;
use crate::run::task::{Stored, Task};

/// Bytes of inputs and outputs of tasks that are shown, the latest tasks first; the tasks before
/// show neither.
const PAYLOADS_MAX: usize = 4 << 20;

/// The run as it is once it has ended like this. Of a run with very many tasks the latest
/// [`DESCENT_TASKS_MAX`] are shown.
pub(super) fn ended(
    run: &Run,
    ending: &Ending,
    (input, output): (&Value, &Payload),
    context: Context<'_>,
) -> Result<Value, Needs> {
    let tasks = tasks(run, ending, context)?;
    let is_failed = |task: &&Task| {
        matches!(task.status, TaskStatus::Failed | TaskStatus::FailedWithTerminalError)
    };
    let failed: Vec<&Task> = run.tasks.iter().filter(is_failed).collect();
    let references: BTreeSet<String> = failed.iter().map(|task| run.reference_of(task)).collect();
    let names: BTreeSet<&str> = failed.iter().map(|task| run.step_of(task).name.as_str()).collect();
    let pairs = |pairs: &[(String, Payload)]| -> Map<String, Value> {
        pairs.iter().map(|(name, value)| (name.clone(), value.to_value())).collect()
    };
    let domains: Map<String, Value> = run
        .task_to_domain
        .iter()
        .map(|(name, domain)| (name.clone(), Value::from(domain.clone())))
        .collect();
    let failed_task = ending.failed_task.map(|task| run.id.task(task).to_string());
    Ok(json!({
        "workflowId": run.id.to_string(),
        "workflowName": run.definition.key.name,
        "workflowVersion": run.definition.key.version,
        "status": ending.status.as_str(),
        "reasonForIncompletion": ending.reason,
        "failedTaskId": failed_task,
        "correlationId": run.correlation,
        "parentWorkflowId": run.parent.map(|parent| parent.run().to_string()),
        "parentWorkflowTaskId": run.parent.map(|parent| parent.to_string()),
        "createdBy": run.created_by,
        "priority": run.priority,
        "createTime": run.created.as_ms(),
        "startTime": run.created.as_ms(),
        "updateTime": context.now.as_ms(),
        "endTime": context.now.as_ms(),
        "lastRetriedTime": run.clock_restarted.as_ms(),
        "taskToDomain": domains,
        "failedReferenceTaskNames": references,
        "failedTaskNames": names,
        "variables": pairs(&run.variables),
        "input": input,
        "output": output.to_value(),
        "tasks": tasks,
    }))
}

fn tasks(run: &Run, ending: &Ending, context: Context<'_>) -> Result<Vec<Value>, Needs> {
    let mut lacking: Vec<Stored> = Vec::new();
    let mut shown = Vec::new();
    let mut left = PAYLOADS_MAX;
    for task in run.tasks.iter().rev().take(DESCENT_TASKS_MAX) {
        let mut payloads = (Value::Object(Map::new()), Value::Object(Map::new()));
        if left > 0 {
            match read(run, task, context) {
                Ok((size, input, output)) => {
                    left = left.saturating_sub(size);
                    if left > 0 {
                        payloads = (input, output);
                    }
                }
                Err(lack) => lacking.extend(lack),
            }
        }
        shown.push(of_task(run, task, ending, payloads, context.now));
    }
    if !lacking.is_empty() {
        return Err(Needs::payloads(lacking));
    }
    shown.reverse();
    Ok(shown)
}

/// Input and output of a task with their size in bytes, or what has to be loaded first.
fn read(
    run: &Run,
    task: &Task,
    context: Context<'_>,
) -> Result<(usize, Value, Value), Vec<Stored>> {
    let payload = |at| context.fetched.payload(at);
    let input = payload(task.input);
    let output = match task.output {
        // Stored outputs are measured before they are parsed.
        Some(stored) => payload(stored).map(|found| (found.len(), found.to_value())),
        None => match derived::output(run, task, &payload, Part::Whole) {
            Ok(value) => Some((0, value)),
            Err(Lack::Payloads(lacking)) => {
                return Err(lacking
                    .into_iter()
                    .chain(input.is_none().then_some(task.input))
                    .collect());
            }
            Err(Lack::TooManyTasks) => Some((0, Value::Object(Map::new()))),
        },
    };
    match (input, output) {
        (Some(input), Some((size, output))) => {
            let size = size.saturating_add(input.len()).saturating_add(1);
            Ok((size, input.to_value(), output))
        }
        (input, output) => {
            let input = input.is_none().then_some(task.input);
            let output = output.is_none().then_some(task.output).flatten();
            Err(input.into_iter().chain(output).collect())
        }
    }
}

fn of_task(
    run: &Run,
    task: &Task,
    ending: &Ending,
    (input, output): (Value, Value),
    now: Timestamp,
) -> Value {
    let step = run.step_of(task);
    let is_open = !task.status.is_terminal();
    let timed_out = is_open && ending.failed_task == Some(task.number);
    let status = match (is_open, timed_out) {
        (false, _) => task.status,
        (true, true) => TaskStatus::TimedOut,
        (true, false) => TaskStatus::Canceled,
    };
    let reason = if timed_out { ending.reason.as_deref() } else { task.reason() };
    let replaced =
        (task.replaces() != TaskNumber(0)).then(|| run.id.task(task.replaces()).to_string());
    json!({
        "taskId": run.id.task(task.number).to_string(),
        "taskType": step.task_type,
        "taskDefName": step.name,
        "referenceTaskName": run.reference_of(task),
        "workflowInstanceId": run.id.to_string(),
        "workflowType": run.definition.key.name,
        "status": status.as_str(),
        "reasonForIncompletion": reason,
        "seq": task.number.0,
        "iteration": task.loop_iteration().max(task.iteration),
        "retryCount": task.retry_count(),
        "retried": task.retried,
        "retriedTaskId": replaced,
        "executed": task.executed,
        "pollCount": task.poll_count,
        "scheduledTime": task.scheduled.as_ms(),
        "startTime": task.started.as_ms(),
        "updateTime": task.updated.as_ms(),
        "endTime": if is_open { now } else { task.ended() }.as_ms(),
        "workerId": task.worker(),
        "domain": task.domain(),
        "subWorkflowId": task.child().map(|child| child.to_string()),
        "inputData": input,
        "outputData": output,
    })
}
