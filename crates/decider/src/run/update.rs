//! Results of tasks: from workers, by reference, from children; leases, signs of life, logs.

use fermata_types::{Payload, RunEpoch, TaskNumber, TaskStatus, limits};
use serde_json::Value;

use crate::command::{ReferenceUpdate, ReportedStatus, TaskUpdate};
use crate::context::Context;
use crate::effect::{ChildEnd, Effect};
use crate::event::{Closed, Event};
use crate::needs::Needs;
use crate::rejection::Rejection;
use crate::run::decide::{Decision, Reply};
use crate::run::lookup;
use crate::run::plan::queueing;
use crate::run::state::Run;

fn unknown(run: &Run, task: TaskNumber) -> Decision {
    Decision::Rejected(Rejection::NoSuchTask(run.id.task(task).to_string()))
}

/// Gives a queued task to a worker. A row of another epoch, of a closed task or of one that has
/// left the queue is stale: the hub drops it and the worker keeps its place.
pub(super) fn lease(
    run: &Run,
    number: TaskNumber,
    epoch: RunEpoch,
    worker: Option<&String>,
    context: Context<'_>,
) -> Decision {
    let stale = Decision::Rejected(Rejection::Stale);
    let Some(task) = run.task(number) else { return stale };
    let is_queued = task.status == TaskStatus::Scheduled && task.queued().is_some();
    if run.epoch != epoch || run.status.is_terminal() || !is_queued {
        return stale;
    }
    let event = Event::TaskLeased { task: number, worker: worker.cloned(), at: context.now };
    let effects = queueing::dequeue(run, task).into_iter().collect();
    Decision::Accepted { events: vec![event], effects, reply: Reply::Leased(number) }
}

/// Puts a leased task back: its worker was gone before the task reached it. Changes nothing when
/// the task has moved on.
pub(super) fn undo_lease(run: &Run, number: TaskNumber, context: Context<'_>) -> Decision {
    let Some(task) = run.task(number) else { return unknown(run, number) };
    if run.status.is_terminal() || task.status != TaskStatus::InProgress {
        return Decision::nothing();
    }
    // What was begun for somebody else to complete is not begun again.
    if run.step_of(task).inside && task.output.is_some() {
        return Decision::nothing();
    }
    // Only a worker's task has a queue to go back to.
    let Some(requeued) = queueing::requeue(run, task, context.now) else {
        return Decision::nothing();
    };
    Decision::done(vec![Event::TaskReturned { task: number, at: context.now }], vec![requeued])
}

/// Takes a worker's result (`conductor-semantics` 1.4). Late results change nothing and are no
/// error; the output replaces the former one.
pub(super) fn update(run: &Run, update: &TaskUpdate, context: Context<'_>) -> Decision {
    let Some(task) = run.task(update.task) else { return unknown(run, update.task) };
    if run.shown_status(task).is_terminal() {
        return unchanged(update.task);
    }
    let reason = update.reason.as_deref().map(cut_reason);
    let mut effects = Vec::new();
    let lines: Vec<_> = update.logs.iter().take(limits::LOG_LINES_PER_RESULT).cloned().collect();
    if !lines.is_empty() {
        effects.push(Effect::AppendLogs { task: update.task, lines });
    }
    effects.extend(queueing::dequeue(run, task));
    let event = match update.status.closes_as() {
        Some(status) => Event::TaskClosed(Box::new(Closed {
            task: update.task,
            status,
            output: Some(update.output.clone()),
            reason,
            worker: update.worker.clone(),
            at: context.now,
        })),
        None => {
            if !run.step_of(task).inside {
                let ready = context.now.after(update.callback_after);
                effects.extend(queueing::requeue(run, task, ready));
            }
            Event::TaskProgressed {
                task: update.task,
                output: update.output.clone(),
                reason,
                worker: update.worker.clone(),
                callback_after: update.callback_after,
                at: context.now,
            }
        }
    };
    Decision::Accepted { events: vec![event], effects, reply: Reply::Updated(update.task) }
}

fn unchanged(task: TaskNumber) -> Decision {
    let reply = Reply::Unchanged(task);
    Decision::Accepted { events: Vec::new(), effects: Vec::new(), reply }
}

fn cut_reason(reason: &str) -> String {
    reason.chars().take(limits::REASON_CHARS_MAX).collect()
}

/// Takes a result by reference name, or a signal to the first open WAIT
/// (`conductor-semantics` 1.4 and 4.12): the body is merged over the task's output.
pub(super) fn by_reference(run: &Run, wanted: &ReferenceUpdate, context: Context<'_>) -> Decision {
    let found = match &wanted.reference {
        Some(reference) => lookup::pending(run, reference),
        None => run.waits.first().and_then(|number| run.task(*number)),
    };
    let Some(task) = found else {
        let name = run.id.to_string();
        return Decision::Rejected(match &wanted.reference {
            Some(reference) => Rejection::NoPendingTask { reference: reference.clone(), run: name },
            None => Rejection::NoBlockedTask(name),
        });
    };
    let output = match task.output {
        None => wanted.output.clone(),
        Some(stored) => match context.fetched.payload(stored) {
            Some(old) => merge(&old, &wanted.output),
            None => return Decision::Needs(Needs::payloads(vec![stored])),
        },
    };
    let status = wanted.status;
    let merged = TaskUpdate {
        task: task.number,
        status,
        output,
        reason: task.reason().map(str::to_owned),
        worker: wanted.worker.clone().or_else(|| task.worker().map(str::to_owned)),
        callback_after: match status {
            ReportedStatus::InProgress => task.callback_after(),
            _ => fermata_types::Span::ZERO,
        },
        logs: Vec::new(),
    };
    update(run, &merged, context)
}

/// Top-level keys of `over` put into `base`.
pub(crate) fn merge(base: &Payload, over: &Payload) -> Payload {
    match (base.to_value(), over.to_value()) {
        (Value::Object(mut base), Value::Object(over)) => {
            base.extend(over);
            Payload::from_value(&Value::Object(base))
        }
        _ => over.clone(),
    }
}

/// Restarts the response timeout; ignored for a closed task (`conductor-semantics` 1.5).
pub(super) fn extend_lease(run: &Run, number: TaskNumber, context: Context<'_>) -> Decision {
    let Some(task) = run.task(number) else { return unknown(run, number) };
    if run.shown_status(task).is_terminal() {
        return unchanged(number);
    }
    let event = Event::LeaseExtended { task: number, at: context.now };
    Decision::Accepted { events: vec![event], effects: Vec::new(), reply: Reply::Updated(number) }
}

/// Keeps a log line, in any state of the task.
pub(super) fn append_log(
    run: &Run,
    number: TaskNumber,
    line: &str,
    context: Context<'_>,
) -> Decision {
    if run.task(number).is_none() {
        return unknown(run, number);
    }
    let lines = vec![(line.to_owned(), context.now)];
    Decision::done(Vec::new(), vec![Effect::AppendLogs { task: number, lines }])
}

/// A child ended: its task ends with it. A child of a replaced or closed task is ignored
/// (`conductor-semantics` 5.11).
pub(super) fn child_ended(run: &Run, end: &ChildEnd, context: Context<'_>) -> Decision {
    let number = end.parent.number();
    let is_awaited = run.children.get(&number) == Some(&end.child);
    if !is_awaited {
        return Decision::nothing();
    }
    let reason = end.reason.as_deref().filter(|_| end.status != TaskStatus::Completed);
    let id = serde_json::json!({ "subWorkflowId": end.child.to_string() });
    let closed = Closed {
        task: number,
        status: end.status,
        output: Some(merge(&Payload::from_value(&id), &end.output)),
        reason: reason.map(cut_reason),
        worker: None,
        at: context.now,
    };
    Decision::done(vec![Event::TaskClosed(Box::new(closed))], Vec::new())
}
