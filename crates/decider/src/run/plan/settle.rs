//! After a closed task: another attempt, forgiveness, the end of the run, or what comes next
//! (`conductor-semantics` 2.2).

use fermata_types::{RunStatus, Span, TaskNumber, TaskStatus};

use crate::context::Context;
use crate::definition::{DefinitionHash, Kind};
use crate::event::Event;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::finish;
use crate::run::plan::next::{self, Entry};
use crate::run::state::Run;
use crate::run::task::Task;

/// Deals with a closed task.
pub(super) fn settle(run: &Run, number: TaskNumber, context: Context<'_>) -> Result<Step, Needs> {
    let settled = Event::TaskSettled { task: number };
    let Some(task) = run.task(number).filter(|task| !task.status.is_successful()) else {
        return Ok(Step::of(vec![settled]));
    };
    let step = run.step_of(task);
    if may_retry(run, task) {
        if let Some(reason) = total_exhausted(run, task, context) {
            let status = status_for(task.status);
            let ending = finish::Ending { status, reason: Some(reason), failed_task: Some(number) };
            return finish::close(run, ending, context);
        }
        let entry = Entry {
            step: task.step,
            iteration: task.iteration,
            scope: task.scope,
            retry_count: task.retry_count() + 1,
            replaces: number,
        };
        return next::enter(run, entry, context);
    }
    if step.optional {
        return Ok(Step::of(vec![Event::TaskForgiven { task: number }, settled]));
    }
    if step.permissive {
        return Ok(Step::of(vec![settled]));
    }
    let status = status_for(task.status);
    let reason = format!(
        "Task {} failed with status: {status} and reason: '{}'",
        run.id.task(number),
        task.reason().unwrap_or("null")
    );
    let ending = finish::Ending { status, reason: Some(reason), failed_task: Some(number) };
    finish::close(run, ending, context)
}

fn may_retry(run: &Run, task: &Task) -> bool {
    let step = run.step_of(task);
    let kind_retries = !matches!(
        step.kind,
        Kind::Switch { .. }
            | Kind::Decision { .. }
            | Kind::Fork { .. }
            | Kind::DynamicFork { .. }
            | Kind::Join { .. }
            | Kind::ExclusiveJoin { .. }
            | Kind::DoWhile { .. }
    );
    kind_retries && task.status.is_retriable() && task.retry_count() < step.policy.retry_count
}

const fn status_for(task: TaskStatus) -> RunStatus {
    match task {
        TaskStatus::Canceled => RunStatus::Terminated,
        TaskStatus::TimedOut => RunStatus::TimedOut,
        _ => RunStatus::Failed,
    }
}

fn total_exhausted(run: &Run, task: &Task, context: Context<'_>) -> Option<String> {
    let step = run.step_of(task);
    let total = step.policy.total_timeout;
    let elapsed = context.now.since(task.first_scheduled());
    (total > Span::ZERO && elapsed >= total).then(|| {
        format!(
            "Task {}/{} exceeded total timeout of {} seconds (elapsed {} seconds across all \
             attempts). No further retries will be attempted.",
            run.id.task(task.number),
            step.name,
            total.as_seconds(),
            elapsed.as_seconds()
        )
    })
}

/// The delay before the attempt that follows `old`, with its jitter. The jitter comes from a hash
/// of the task's id: spread over runs, the same twice.
pub(super) fn retry_delay(run: &Run, old: &Task) -> Span {
    let policy = &run.step_of(old).policy;
    let delay = policy.delay_after(old.retry_count());
    let jitter = policy.jitter.as_ms();
    if jitter == 0 {
        return delay;
    }
    let id = run.id.task(old.number).to_string();
    let hash = DefinitionHash::of(id.as_bytes()).0;
    let draw = hash.iter().take(6).fold(0i64, |sum, byte| (sum << 8) | i64::from(*byte));
    let part = draw % jitter.saturating_add(1).max(1);
    Span::from_ms(delay.as_ms().saturating_add(part))
}
