//! What follows a task that is done with: JOINs count, the next step is due, an iteration ends.

use fermata_types::{TaskNumber, Timestamp};

use crate::definition::{After, Kind, StepId};
use crate::run::apply::{consume, touch};
use crate::run::dynamic::happened;
use crate::run::state::{Agenda, Run};
use crate::task_kinds::exclusive_join;

/// A closed task is done with: what follows it is put on the agenda.
pub(super) fn settled(run: &mut Run, number: TaskNumber) {
    consume(run, Agenda::Settle(number));
    let Some(task) = run.task(number) else { return };
    let (iteration, scope) = (task.iteration, task.scope);
    let has_failed = !task.status.is_successful();
    let step = run.step_handle(task.step, number);
    if has_failed && step.permissive && !step.optional {
        run.permissive_failures.push(number);
    }
    executed(run, number);
    match &step.kind {
        Kind::Terminate if !has_failed => {
            run.terminated_by = Some(number);
            return;
        }
        Kind::Fork { branches, .. } => {
            let entries =
                branches.iter().map(|step| Agenda::Enter { step: *step, iteration, scope });
            run.agenda.extend(entries);
        }
        Kind::DynamicFork { .. } if happened::fork_settled(run, number) => return,
        _ => {}
    }
    go_on_after(run, number);
    end_iteration(run, scope);
}

/// Marks a task as done with and tells the JOINs that wait for it.
fn executed(run: &mut Run, number: TaskNumber) {
    let Some(task) = run.task_mut(number) else { return };
    task.executed = true;
    let (step, scope, iteration) = (task.step, task.scope, task.iteration);
    let handle = run.step_handle(step, TaskNumber(0));
    for join in &handle.joins {
        let Some(waiting) = run.latest_in(*join, scope, iteration) else { continue };
        if waiting.status.is_terminal() {
            continue;
        }
        let waiting = waiting.number;
        if matches!(run.step(*join).kind, Kind::ExclusiveJoin { .. }) {
            exclusive_join::look(run, waiting);
            continue;
        }
        let mut left = 0;
        touch(run, waiting, |join| {
            let extra = join.extra_mut();
            extra.waiting_on = extra.waiting_on.saturating_sub(1);
            left = extra.waiting_on;
        });
        if left == 0 {
            run.agenda.push_back(Agenda::Join(waiting));
        }
    }
}

/// Puts what follows a task's step on the agenda.
fn go_on_after(run: &mut Run, number: TaskNumber) {
    let Some(task) = run.task(number) else { return };
    let (iteration, scope) = (task.iteration, task.scope);
    let (end, after) = run.end_of(task.step);
    match after {
        After::Step(step) => run.agenda.push_back(Agenda::Enter { step, iteration, scope }),
        After::RunEnd => run.main_ended = true,
        After::LoopEnd => touch(run, scope, |task| task.extra_mut().body_ended = true),
        After::BranchEnd => happened::branch_ended(run, end),
        After::SwitchEnd(_) => {}
    }
}

/// An iteration ends when its body's last step and everything else in it are done with, branches
/// that no JOIN waits for included. A loop that was ended from outside goes no further.
fn end_iteration(run: &mut Run, scope: TaskNumber) {
    let Some(task) = run.task(scope).filter(|task| !task.status.is_terminal()) else { return };
    if !task.extra().is_some_and(|extra| extra.body_ended) {
        return;
    }
    let iteration = task.loop_iteration();
    let is_done = |number: &TaskNumber| run.task(*number).is_some_and(|task| task.executed);
    let enters = |item: &Agenda| match item {
        Agenda::Enter { scope: of, .. } => *of == scope,
        Agenda::Branches(fork) => run.task(*fork).is_some_and(|task| task.scope == scope),
        _ => false,
    };
    if run.in_loops.iteration(scope, iteration).iter().all(is_done)
        && !run.agenda.iter().any(enters)
    {
        touch(run, scope, |task| task.extra_mut().body_ended = false);
        run.agenda.push_back(Agenda::Loop(scope));
    }
}

/// A SWITCH chose: it is done with, and its branch's first step is due, or what follows it.
pub(super) fn branch_chosen(run: &mut Run, number: TaskNumber, first: Option<StepId>) {
    consume(run, Agenda::Settle(number));
    executed(run, number);
    let Some(task) = run.task(number) else { return };
    let (iteration, scope) = (task.iteration, task.scope);
    match first {
        Some(step) => run.agenda.push_back(Agenda::Enter { step, iteration, scope }),
        None => go_on_after(run, number),
    }
    end_iteration(run, scope);
}

/// A loop begins an iteration.
pub(super) fn loop_advanced(run: &mut Run, number: TaskNumber, iteration: u32, at: Timestamp) {
    consume(run, Agenda::Perform(number));
    consume(run, Agenda::Loop(number));
    run.updated = at;
    touch(run, number, |task| task.extra_mut().loop_iteration = iteration);
    let Some(task) = run.task(number) else { return };
    if let Kind::DoWhile { body, .. } = &run.step_of(task).kind {
        let next = match *body {
            Some(step) => Agenda::Enter { step, iteration, scope: number },
            None => Agenda::Loop(number),
        };
        run.agenda.push_back(next);
    }
}
