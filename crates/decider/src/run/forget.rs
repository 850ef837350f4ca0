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
    gone(run, of, through).tasks
}

/// What goes, and the loops it was in.
struct Gone {
    tasks: Vec<TaskNumber>,
    scopes: BTreeSet<TaskNumber>,
}

fn gone(run: &Run, of: TaskNumber, through: u32) -> Gone {
    let mut gone = Gone { tasks: Vec::new(), scopes: BTreeSet::from([of]) };
    let iterations = run.in_loops.first(of)..=through;
    let made = iterations.filter_map(|iteration| first_made(run, of, iteration));
    let Some(first) = made.min() else { return gone };
    // All of them were made before the next iteration began.
    let end = first_made(run, of, through + 1).unwrap_or_else(|| run.next_task());
    for task in run.tasks.within(first..end) {
        let is_inside = task.scope != of && gone.scopes.contains(&task.scope);
        if is_inside || task.scope == of && task.iteration <= through {
            if task.loop_iteration() > 0 {
                gone.scopes.insert(task.number);
            }
            if is_over(task) {
                gone.tasks.push(task.number);
            }
        }
    }
    gone
}

/// The first task that an iteration made, attempts that were replaced included.
fn first_made(run: &Run, of: TaskNumber, iteration: u32) -> Option<TaskNumber> {
    let latest = run.in_loops.iteration(of, iteration);
    latest.iter().map(|number| first_attempt(run, *number)).min()
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
    let Gone { tasks: gone, scopes } = gone(run, of, through);
    let mut unknown = BTreeSet::new();
    for number in &gone {
        let Some(step) = run.task(*number).map(|task| task.step) else { continue };
        if let Some(latest) = run.latest.get_mut(step.0 as usize).filter(|at| *at == number) {
            *latest = TaskNumber(0);
            unknown.insert(step);
        }
    }
    run.in_loops.forget(&scopes, &gone);
    run.permissive_failures.retain(|number| gone.binary_search(number).is_err());
    run.tasks.drop_all(&gone);
    for step in unknown {
        let left = run.tasks.iter().rev().find(|task| task.step == step).map(|task| task.number);
        if let (Some(latest), Some(left)) = (run.latest.get_mut(step.0 as usize), left) {
            *latest = left;
        }
    }
}
