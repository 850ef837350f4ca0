//! JOIN: ends once every task it waits for is done with (`conductor-semantics` 5.5). Failed
//! attempts that will be retried are not done with (quirk 54). The branches of a dynamic fork are
//! looked at once, when the last of them has ended.

use fermata_types::{TaskNumber, TaskStatus, limits};

use crate::context::Context;
use crate::definition::Kind;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, exclusive_join};

pub(crate) fn join(run: &Run, number: TaskNumber, context: Context<'_>) -> Result<Step, Needs> {
    let Some(task) = run.task(number) else { return Err(Needs::default()) };
    if matches!(run.step_of(task).kind, Kind::ExclusiveJoin { .. }) {
        return exclusive_join::join(run, task, context);
    }
    let (status, reason) = outcome(run, &branches(run, task));
    Ok(Step::of(vec![closing::closed(number, status, None, reason, context)]))
}

/// What becomes of a join over these tasks, and why.
pub(super) fn outcome(run: &Run, branches: &[&Task]) -> (TaskStatus, Option<String>) {
    let failed: Vec<&Task> = branches
        .iter()
        .copied()
        .filter(|task| !task.status.is_successful() && !run.step_of(task).optional)
        .collect();
    if !failed.is_empty() {
        let all_canceled = failed.iter().all(|task| task.status == TaskStatus::Canceled);
        let status = if all_canceled { TaskStatus::Canceled } else { TaskStatus::Failed };
        let reasons = failed.iter().filter_map(|task| task.reason()).map(str::to_owned);
        return (status, Some(joined(reasons)));
    }
    let errors = branches.iter().filter(|task| task.status == TaskStatus::CompletedWithErrors);
    let names: Vec<String> = errors
        .take(limits::REASON_CHARS_MAX)
        .map(|task| {
            let name = &run.step_of(task).name;
            format!("{name}/{} completed with errors", run.id.task(task.number))
        })
        .collect();
    if names.is_empty() {
        return (TaskStatus::Completed, None);
    }
    (TaskStatus::CompletedWithErrors, Some(joined(names.into_iter())))
}

/// Reasons side by side, as long as one reason may be.
fn joined(reasons: impl Iterator<Item = String>) -> String {
    let mut joined = String::new();
    for reason in reasons {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&reason);
        if joined.len() > 4 * limits::REASON_CHARS_MAX {
            break;
        }
    }
    joined.chars().take(limits::REASON_CHARS_MAX).collect()
}

fn branches<'a>(run: &'a Run, join: &Task) -> Vec<&'a Task> {
    let latest = |step| run.latest_in(step, join.scope, join.iteration);
    match &run.step(join.step).kind {
        Kind::Join { fork: Some(fork), .. } => run
            .forked(*fork, join.scope, join.iteration)
            .map(|forked| forked.branches().filter_map(latest).collect())
            .unwrap_or_default(),
        Kind::Join { on, .. } => on.iter().copied().filter_map(latest).collect(),
        _ => Vec::new(),
    }
}
