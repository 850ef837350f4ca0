//! Iterations a loop no longer keeps (`keepLastN`, `conductor-semantics` 5.9.2): their tasks leave
//! the state. History keeps that they were.

use std::collections::BTreeSet;

use fermata_types::TaskNumber;

use crate::run::state::Run;
use crate::run::task::Task;

/// The finished tasks of a loop's iterations up to that one, nested loops included, by number.
/// A task that is still open, because the loop inside was ended around it, stays for as long as
/// its run.
///
/// The cost is proportional to the tasks made since the oldest of them.
pub(crate) fn dropped(run: &Run, of: TaskNumber, through: u32) -> Vec<TaskNumber> {
    let Some(begin) = run.in_loops.first_iteration(of) else { return Vec::new() };
    let oldest = |iteration| {
        let latest = run.in_loops.iteration(of, iteration).iter();
        latest.map(|number| first_attempt(run, *number)).min()
    };
    let Some(first) = (begin..=through).filter_map(oldest).min() else { return Vec::new() };
    // All of them were made before the next iteration began.
    let end = oldest(through.saturating_add(1)).unwrap_or_else(|| run.next_task());
    let mut loops = BTreeSet::new();
    let mut gone = Vec::new();
    for task in run.tasks.within(first..end) {
        let is_in = loops.contains(&task.scope) || task.scope == of && task.iteration <= through;
        if is_in {
            if task.loop_iteration() > 0 {
                loops.insert(task.number);
            }
            if is_over(task) {
                gone.push(task.number);
            }
        }
    }
    gone
}

fn first_attempt(run: &Run, number: TaskNumber) -> TaskNumber {
    let mut number = number;
    while let Some(before) = run.task(number).map(Task::replaces) {
        if before == TaskNumber(0) {
            break;
        }
        number = before;
    }
    number
}

const fn is_over(task: &Task) -> bool {
    task.status.is_terminal() && task.executed
}

/// Takes the tasks of those iterations out of the state.
pub(super) fn forget(run: &mut Run, of: TaskNumber, through: u32) {
    let gone = dropped(run, of, through);
    let mut unknown = BTreeSet::new();
    for number in &gone {
        let Some(task) = run.task(*number) else { continue };
        let step = task.step;
        if let Some(latest) = run.latest.get_mut(step.0 as usize).filter(|at| *at == number) {
            *latest = TaskNumber(0);
            unknown.insert(step);
        }
    }
    run.permissive_failures.retain(|number| gone.binary_search(number).is_err());
    run.in_loops.forget(&run.tasks, &gone);
    run.tasks.drop_all(&gone);
    for step in unknown {
        let left = run.tasks.iter().rfind(|task| task.step == step).map(|task| task.number);
        if let (Some(latest), Some(left)) = (run.latest.get_mut(step.0 as usize), left) {
            *latest = left;
        }
    }
}
