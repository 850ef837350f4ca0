//! How a run ends: its output, its children, its parent (`conductor-semantics` 4.3, 4.4, 7.6).

use fermata_types::{Payload, RunStatus, TaskNumber, TaskStatus};

use crate::context::Context;
use crate::effect::{ChildEnd, Effect};
use crate::event::{Event, RunOutput};
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::derived;
use crate::run::document::{self, RunDocument};
use crate::run::state::Run;
use crate::run::weigh;

/// Why and how a run ends.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// Its terminal status.
    pub status: RunStatus,
    /// Why.
    pub reason: Option<String>,
    /// The task that ended it.
    pub failed_task: Option<TaskNumber>,
}

/// Ends the run as FAILED with a reason.
pub(crate) fn failed(
    run: &Run,
    reason: String,
    failed_task: Option<TaskNumber>,
    context: Context<'_>,
) -> Result<Step, Needs> {
    close(run, Ending { status: RunStatus::Failed, reason: Some(reason), failed_task }, context)
}

/// Ends the run; its output is computed first.
pub(crate) fn close(run: &Run, ending: Ending, context: Context<'_>) -> Result<Step, Needs> {
    let output = output(run, &ending, context)?;
    close_with(run, ending, output, context)
}

/// Ends the run with that output.
pub(crate) fn close_with(
    run: &Run,
    ending: Ending,
    output: RunOutput,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let (ending, output) = weigh::ending(run, ending, output, context);
    let mut effects: Vec<Effect> = run
        .children
        .values()
        .map(|child| Effect::EndChild { child: *child, reason: reason_for_child(&ending) })
        .collect();
    if let Some(parent) = run.parent {
        effects.push(Effect::NotifyParent(Box::new(ChildEnd {
            child: run.id,
            parent,
            status: task_status(ending.status),
            output: materialize(run, &output, context)?,
            reason: reason_for_parent(run, &ending),
        })));
    }
    let event = Event::RunClosed {
        status: ending.status,
        output,
        reason: ending.reason,
        failed_task: ending.failed_task,
        at: context.now,
    };
    Ok(Step { events: vec![event], effects })
}

/// What the parent's task shows (`conductor-semantics` 5.11).
fn reason_for_parent(run: &Run, ending: &Ending) -> Option<String> {
    let key = &run.definition.key;
    (ending.status != RunStatus::Completed).then(|| {
        let why = ending.reason.as_deref().unwrap_or("null");
        format!("Sub workflow {}.{}/{} failure reason: {why}", key.name, key.version, run.id)
    })
}

fn reason_for_child(ending: &Ending) -> String {
    match &ending.reason {
        Some(reason) => format!("Parent workflow has been terminated with reason: {reason}"),
        None => format!("Parent workflow has been terminated with status {}", ending.status),
    }
}

const fn task_status(run: RunStatus) -> TaskStatus {
    match run {
        RunStatus::Completed => TaskStatus::Completed,
        RunStatus::TimedOut => TaskStatus::TimedOut,
        RunStatus::Terminated => TaskStatus::Canceled,
        _ => TaskStatus::Failed,
    }
}

fn output(run: &Run, ending: &Ending, context: Context<'_>) -> Result<RunOutput, Needs> {
    if let Some(template) = &run.definition.output {
        let document = RunDocument::for_output(run, template.references(), context);
        return Ok(match document::resolve(template, &document)? {
            Ok(value) => RunOutput::Value(Payload::from_value(&value)),
            // The end of a run never fails for its output (`conductor-semantics` 4.4 step 2).
            Err(_) => RunOutput::Empty,
        });
    }
    let last = run.tasks.last().map_or(TaskNumber(0), |task| task.number);
    let source = if ending.status == RunStatus::Completed {
        last
    } else {
        ending.failed_task.unwrap_or(last)
    };
    Ok(if source == TaskNumber(0) { RunOutput::Empty } else { RunOutput::OfTask(source) })
}

fn materialize(run: &Run, output: &RunOutput, context: Context<'_>) -> Result<Payload, Needs> {
    match output {
        RunOutput::Empty => Ok(Payload::empty_object()),
        RunOutput::Value(payload) => Ok(payload.clone()),
        RunOutput::OfTask(number) => {
            let Some(task) = run.task(*number) else { return Ok(Payload::empty_object()) };
            let payload = |at| context.fetched.payload(at);
            match derived::output(run, task, &payload, derived::Part::Whole) {
                Ok(value) => Ok(Payload::from_value(&value)),
                Err(derived::Lack::Payloads(payloads)) => Err(Needs::payloads(payloads)),
                // Too large to be put together: the parent gets no output rather than no answer.
                Err(derived::Lack::TooManyTasks) => Ok(Payload::empty_object()),
            }
        }
    }
}
