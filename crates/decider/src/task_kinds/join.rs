//! JOIN: ends once every task it waits for is done with (`conductor-semantics` 5.5). Failed
//! attempts that will be retried are not done with (quirk 54).

use fermata_types::{TaskNumber, TaskStatus};

use crate::context::Context;
use crate::definition::Kind;
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::closing;

pub(crate) fn join(run: &Run, number: TaskNumber, context: Context<'_>) -> Step {
    let branches = run.task(number).map(|join| branches(run, join)).unwrap_or_default();
    let failed: Vec<&Task> = branches
        .iter()
        .copied()
        .filter(|task| !task.status.is_successful() && !run.step_of(task).optional)
        .collect();
    let (status, reason) = if !failed.is_empty() {
        let all_canceled = failed.iter().all(|task| task.status == TaskStatus::Canceled);
        let status = if all_canceled { TaskStatus::Canceled } else { TaskStatus::Failed };
        let reasons: Vec<&str> = failed.iter().filter_map(|task| task.reason()).collect();
        (status, Some(reasons.join(" ")))
    } else if let Some(reason) = with_errors(run, &branches) {
        (TaskStatus::CompletedWithErrors, Some(reason))
    } else {
        (TaskStatus::Completed, None)
    };
    Step::of(vec![closing::closed(number, status, None, reason, context)])
}

fn branches<'a>(run: &'a Run, join: &Task) -> Vec<&'a Task> {
    match &run.definition.step(join.step).kind {
        Kind::Join { on, .. } => {
            on.iter().filter_map(|step| run.latest_in(*step, join.scope, join.iteration)).collect()
        }
        _ => Vec::new(),
    }
}

fn with_errors(run: &Run, branches: &[&Task]) -> Option<String> {
    let names: Vec<String> = branches
        .iter()
        .filter(|task| task.status == TaskStatus::CompletedWithErrors)
        .map(|task| {
            let name = &run.step_of(task).name;
            format!("{name}/{} completed with errors", run.id.task(task.number))
        })
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}
