//! Events about dynamic steps, folded into the state.

use fermata_types::{Payload, TaskNumber};

use crate::definition::{After, Kind, StepId};
use crate::planned::Planned;
use crate::run::apply::consume;
use crate::run::dynamic::plan::Place;
use crate::run::state::{Agenda, Run};
use crate::run::task::Stored;

/// Branches made before other things on the agenda get a turn: a long fork does not hold up the
/// retries of its first branches.
const BRANCHES_IN_A_ROW: u32 = 64;

/// The branches of a FORK task, which was just made, are known.
pub(in crate::run) fn planned(run: &mut Run, planned: &Planned, stored: Stored) {
    let Some(task) = run.task(planned.task) else { return };
    let (fork, at) = (task.step, (task.scope, task.iteration));
    add_fork(run, planned, fork, at, stored);
}

/// Adds the branches of the fork of that step, reached in that turn of the loop around it.
pub(in crate::run) fn add_fork(
    run: &mut Run,
    planned: &Planned,
    fork: StepId,
    at: (TaskNumber, u32),
    stored: Stored,
) {
    let enclosing_loop = run.step(fork).enclosing_loop;
    let base = run.dynamic.next_id(run.definition.steps.len());
    let width = run.dynamic.add(planned, Place { base, fork, enclosing_loop }, at, stored);
    let length = run.latest.len() + width as usize;
    run.latest.resize(length, TaskNumber(0));
}

/// What the DYNAMIC task that is made next is.
pub(in crate::run) fn resolved(run: &mut Run, task: TaskNumber, source: &Payload) {
    run.dynamic.resolve(task, source);
}

/// Another attempt of a DYNAMIC task is what the one before it was.
pub(in crate::run) fn replaced(run: &mut Run, old: TaskNumber, new: TaskNumber) {
    run.dynamic.replace(old, new);
}

/// A FORK task is done with: its branches are due, or what follows when it has none. Answers
/// whether there are any.
pub(in crate::run) fn fork_settled(run: &mut Run, task: TaskNumber) -> bool {
    let Some(fork) = run.dynamic.of_task(task) else { return false };
    if fork.plan.count() == 0 {
        return false;
    }
    run.agenda.push_back(Agenda::Branches(task));
    true
}

/// The task of a step was made for the first time. When the step is a branch of a dynamic fork,
/// the next branch is due, or what follows the fork; answers whether it was one.
pub(in crate::run) fn branch_made(run: &mut Run, step: StepId) -> bool {
    let Some((fork, _)) = run.dynamic.branch_of(step) else { return false };
    let task = fork.task;
    let (fork_step, scope, iteration) = (fork.step, fork.scope, fork.iteration);
    let Some(fork) = run.dynamic.of_task_mut(task) else { return true };
    fork.made += 1;
    let (made, count) = (fork.made, fork.plan.count());
    let item = Agenda::Branches(task);
    if made == count {
        let next = match run.after(fork_step) {
            After::Step(step) => Some(Agenda::Enter { step, iteration, scope }),
            _ => None,
        };
        match (run.agenda.iter_mut().find(|found| **found == item), next) {
            (Some(place), Some(next)) => *place = next,
            _ => consume(run, item),
        }
    } else if made.is_multiple_of(BRANCHES_IN_A_ROW) && run.agenda.len() > 1 {
        consume(run, item);
        run.agenda.push_back(item);
    }
    true
}

/// A branch may have ended with this step: then its fork's JOIN has one less to wait for.
pub(in crate::run) fn branch_ended(run: &mut Run, end: StepId) {
    let Some((fork, _)) = run.dynamic.branch_of(end) else { return };
    let task = fork.task;
    let (fork_step, scope, iteration) = (fork.step, fork.scope, fork.iteration);
    let Some(fork) = run.dynamic.of_task_mut(task) else { return };
    fork.left = fork.left.saturating_sub(1);
    if fork.left > 0 {
        return;
    }
    let Kind::DynamicFork { join: Some(join), .. } = run.step(fork_step).kind else { return };
    let waiting = run.latest_in(join, scope, iteration);
    if let Some(waiting) = waiting.filter(|join| !join.status.is_terminal()) {
        let item = Agenda::Join(waiting.number);
        run.agenda.push_back(item);
    }
}
