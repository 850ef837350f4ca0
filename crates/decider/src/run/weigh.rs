//! Payloads over their hard limit (`conductor-semantics` 10.1): what brought them is not refused.
//! The task fails for good, or the run fails, and the payload is left empty.

use std::collections::BTreeSet;

use fermata_types::{Payload, PayloadLimits, RunStatus, TaskNumber, TaskStatus};

use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Closed, Event, RunOutput};
use crate::run::plan::finish::Ending;
use crate::run::state::Run;

/// Turns what brings a payload that is too large into the failure of its task, with all that
/// would have followed. Most events are only looked at.
///
/// Outputs that are derived on read (JOIN, DO_WHILE) are never stored and have no limit.
pub(crate) fn events(
    run: &Run,
    events: Vec<Event>,
    effects: &mut Vec<Effect>,
    context: Context<'_>,
) -> Vec<Event> {
    let limits = context.fetched.payload_limits();
    if !events.iter().any(|event| excess(event, &limits).is_some()) {
        return events;
    }
    let mut failed = BTreeSet::new();
    let mut weighed = Vec::with_capacity(events.len() + 1);
    for event in events {
        if subject(&event).is_some_and(|task| failed.contains(&task)) {
            continue;
        }
        let Some((task, why)) = excess(&event, &limits) else {
            weighed.push(event);
            continue;
        };
        failed.insert(task);
        let mut closed = Closed {
            task,
            status: TaskStatus::FailedWithTerminalError,
            output: Some(Payload::empty_object()),
            reason: Some(why.reason(run, task)),
            worker: None,
            at: context.now,
        };
        match event {
            Event::TaskScheduled(mut scheduled) => {
                drop_effects_of(&scheduled.child, effects);
                scheduled.input = Payload::empty_object();
                scheduled.status = TaskStatus::InProgress;
                scheduled.child = None;
                closed.output = None;
                weighed.push(Event::TaskScheduled(scheduled));
            }
            Event::TaskClosed(brought) => closed.worker.clone_from(&brought.worker),
            Event::TaskProgressed { worker, .. } => closed.worker = worker,
            _ => {}
        }
        weighed.push(Event::TaskClosed(Box::new(closed)));
    }
    effects.retain(|effect| match effect {
        Effect::Enqueue(place) => !failed.contains(&place.task),
        _ => true,
    });
    weighed
}

/// The child of a task that is not to be does not start.
fn drop_effects_of(child: &Option<fermata_types::RunId>, effects: &mut Vec<Effect>) {
    effects.retain(|effect| match effect {
        Effect::StartChild { child: started, .. } => Some(*started) != *child,
        _ => true,
    });
}

/// How much there is and how much there may be.
struct Excess {
    size: usize,
    limit: usize,
}

impl Excess {
    fn of(payload: &Payload, limit: usize) -> Option<Self> {
        (payload.len() > limit).then(|| Self { size: payload.len(), limit })
    }

    fn reason(&self, run: &Run, task: TaskNumber) -> String {
        format!(
            "The payload size: {} of task: {} in workflow: {}  is greater than the permissible \
             limit: {} bytes",
            self.size,
            run.id.task(task),
            run.id,
            self.limit
        )
    }
}

fn excess(event: &Event, limits: &PayloadLimits) -> Option<(TaskNumber, Excess)> {
    let (task, payload, limit) = match event {
        Event::TaskScheduled(scheduled) => {
            (scheduled.number, &scheduled.input, limits.task_input.hard)
        }
        Event::TaskProgressed { task, output, .. } => (*task, output, limits.task_output.hard),
        Event::TaskClosed(closed) => {
            (closed.task, closed.output.as_ref()?, limits.task_output.hard)
        }
        _ => return None,
    };
    Some((task, Excess::of(payload, limit)?))
}

/// The task that an event would change further.
fn subject(event: &Event) -> Option<TaskNumber> {
    match event {
        Event::TaskClosed(closed) => Some(closed.task),
        Event::BranchChosen { task, .. }
        | Event::TaskProgressed { task, .. }
        | Event::ChildStarted { task, .. }
        | Event::TaskForgiven { task } => Some(*task),
        _ => None,
    }
}

/// The end of a run whose output is too large: the output is left empty, and a run that would
/// complete fails instead. One that ends for another reason keeps that reason.
pub(crate) fn ending(
    run: &Run,
    ending: Ending,
    output: RunOutput,
    context: Context<'_>,
) -> (Ending, RunOutput) {
    let limit = context.fetched.payload_limits().workflow_output.hard;
    let RunOutput::Value(payload) = &output else { return (ending, output) };
    let Some(Excess { size, limit }) = Excess::of(payload, limit) else { return (ending, output) };
    let ending = match ending.status {
        RunStatus::Completed => {
            let reason = Some(too_large_for_run(run, size, limit));
            Ending { status: RunStatus::Failed, reason, failed_task: ending.failed_task }
        }
        _ => ending,
    };
    (ending, RunOutput::Empty)
}

/// The contract's words for a run's input or output.
pub(crate) fn too_large_for_run(run: &Run, size: usize, limit: usize) -> String {
    format!(
        "The payload size: {size} of workflow: {} is greater than the permissible limit: {limit} \
         bytes",
        run.id
    )
}
