//! A run's deadlines, acted on once they are reached (`conductor-semantics` 3).

use fermata_types::{RunEpoch, RunStatus, TaskNumber, TaskStatus};

use crate::context::Context;
use crate::definition::TimeoutPolicy;
use crate::effect::Effect;
use crate::event::{Closed, Event};
use crate::rejection::Rejection;
use crate::run::advance::Step;
use crate::run::clock::{self, Limit};
use crate::run::decide::Decision;
use crate::run::plan::{finish, queueing};
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::sub_workflow;

/// Tasks dealt with in one turn; more are found by the next one.
const DEADLINES_PER_TURN: usize = 64;

/// A deadline was reached: whatever is due is acted on, in the contract's order (total, task,
/// poll, response). A row of another epoch is stale.
pub(super) fn reach(run: &Run, epoch: RunEpoch, context: Context<'_>) -> Decision {
    if epoch != run.epoch {
        return Decision::Rejected(Rejection::Stale);
    }
    if run.status.is_terminal() {
        return Decision::nothing();
    }
    let is_running = run.status == RunStatus::Running;
    if is_running && clock::workflow_due(run).is_some_and(|due| due <= context.now) {
        return workflow_timeout(run, context);
    }
    let due = run.deadlines.iter().take_while(|(due, _)| *due <= context.now);
    let reached = due.filter_map(|(_, number)| {
        let task = run.task(*number)?;
        Some((task, reached(run, task, context)?))
    });
    let mut step = Step::default();
    for (task, limit) in reached.take(DEADLINES_PER_TURN) {
        if ends_run(run, task, limit) {
            return timed_out_run(run, task, limit, context);
        }
        if limit == Limit::Start {
            match sub_workflow::launch(run, task, context) {
                Ok(launched) => {
                    step.events.extend(launched.events);
                    step.effects.extend(launched.effects);
                }
                Err(needs) => return Decision::Needs(needs),
            }
            continue;
        }
        step.effects.extend(queueing::dequeue(run, task));
        step.effects.extend(end_child(run, task, limit, context));
        step.events.push(closing(run, task, limit, context));
    }
    Decision::done(step.events, step.effects)
}

/// Nobody waits for the child of a task that timed out: it ends too.
fn end_child(run: &Run, task: &Task, limit: Limit, context: Context<'_>) -> Option<Effect> {
    let child = *run.children.get(&task.number)?;
    let why = reason(run, task, limit, context);
    let reason = format!("Parent workflow has been terminated with reason: {why}");
    Some(Effect::EndChild { child, reason })
}

/// The limit a task has met, if any: of several the first in the contract's order, but a WAIT that
/// was over before its timeout has ended by itself. While PAUSED only WAIT ends.
fn reached(run: &Run, task: &Task, context: Context<'_>) -> Option<Limit> {
    let due = clock::limits(run, task).filter(|(_, due)| *due <= context.now);
    let due: Vec<_> = due.collect();
    let wait = due.iter().find(|(limit, _)| *limit == Limit::Wait);
    if run.status == RunStatus::Paused {
        return wait.map(|(limit, _)| *limit);
    }
    let (first, at) = due.iter().min_by_key(|(limit, _)| *limit)?;
    Some(if wait.is_some_and(|(_, over)| over <= at) { Limit::Wait } else { *first })
}

fn ends_run(run: &Run, task: &Task, limit: Limit) -> bool {
    let policy = run.step_of(task).policy.timeout_policy;
    matches!(limit, Limit::Total | Limit::Task | Limit::Poll)
        && policy == TimeoutPolicy::TimeOutWorkflow
}

fn closing(run: &Run, task: &Task, limit: Limit, context: Context<'_>) -> Event {
    let (status, reason) = match limit {
        Limit::Wait => (TaskStatus::Completed, None),
        _ => (TaskStatus::TimedOut, Some(reason(run, task, limit, context))),
    };
    Event::TaskClosed(Box::new(Closed {
        task: task.number,
        status,
        output: None,
        reason,
        worker: None,
        at: context.now,
    }))
}

fn reason(run: &Run, task: &Task, limit: Limit, context: Context<'_>) -> String {
    let step = run.step_of(task);
    let policy = &step.policy;
    let named = match policy.timeout_policy {
        TimeoutPolicy::Retry => "RETRY",
        TimeoutPolicy::TimeOutWorkflow => "TIME_OUT_WF",
        TimeoutPolicy::AlertOnly => "ALERT_ONLY",
    };
    let elapsed = |since| context.now.since(since).as_seconds();
    let id = run.id.task(task.number);
    match limit {
        Limit::Total => format!(
            "Task {}/{id} exceeded total timeout of {} seconds (elapsed {} seconds across all \
             attempts including retry delays). Timeout policy: {named}",
            step.name,
            policy.total_timeout.as_seconds(),
            elapsed(task.first_scheduled())
        ),
        Limit::Task => format!(
            "Task timed out after {} seconds. Timeout configured as {} seconds. Timeout policy \
             configured to {named}",
            elapsed(task.started),
            policy.timeout.as_seconds()
        ),
        Limit::Poll => format!(
            "Task poll timed out after {} seconds. Poll timeout configured as {} seconds. \
             Timeout policy configured to {named}",
            elapsed(task.scheduled),
            policy.poll_timeout.as_seconds()
        ),
        Limit::Response => format!(
            "responseTimeout: {} exceeded for the taskId: {id} with Task Definition: {}",
            policy.response_timeout.as_seconds(),
            step.name
        ),
        Limit::Wait | Limit::Start => String::new(),
    }
}

/// A task's timeout with policy TIME_OUT_WF: the task and the run are TIMED_OUT at once.
fn timed_out_run(run: &Run, task: &Task, limit: Limit, context: Context<'_>) -> Decision {
    let reason = reason(run, task, limit, context);
    let mut effects: Vec<_> = queueing::dequeue(run, task).into_iter().collect();
    let ending = finish::Ending {
        status: RunStatus::TimedOut,
        reason: Some(reason),
        failed_task: Some(task.number),
    };
    match finish::close(run, ending, context) {
        Ok(step) => {
            let mut events = vec![closing(run, task, limit, context)];
            events.extend(step.events);
            effects.extend(step.effects);
            Decision::done(events, effects)
        }
        Err(needs) => Decision::Needs(needs),
    }
}

fn workflow_timeout(run: &Run, context: Context<'_>) -> Decision {
    let elapsed = context.now.since(clock::clock_start(run)).as_seconds();
    let reason = format!(
        "Workflow timed out after {elapsed} seconds. Timeout configured as {} seconds. Timeout \
         policy configured to TIME_OUT_WF",
        run.definition.timeout.as_seconds()
    );
    let ending = finish::Ending {
        status: RunStatus::TimedOut,
        reason: Some(reason),
        failed_task: None::<TaskNumber>,
    };
    match finish::close(run, ending, context) {
        Ok(step) => Decision::done(step.events, step.effects),
        Err(needs) => Decision::Needs(needs),
    }
}
