//! A task is made: what the state keeps of it, and what it needs next.

use fermata_types::{TaskNumber, TaskStatus, Timestamp};

use crate::definition::Kind;
use crate::event::Scheduled;
use crate::run::apply::{consume, touch};
use crate::run::clock;
use crate::run::dynamic::happened;
use crate::run::state::{Agenda, Run};
use crate::run::task::{Extra, NEVER, Stored, Task};
use crate::task_kinds::exclusive_join;

/// Adds a task to the state.
pub(super) fn task_scheduled(run: &mut Run, event: &Scheduled, stored: Option<Stored>) {
    happened::replaced(run, event.replaces, event.number);
    let step = run.step_handle(event.step, event.number);
    let first_scheduled = run.task(event.replaces).map(Task::first_scheduled);
    let is_worker = matches!(step.kind, Kind::Worker { .. });
    let at_once = event.status == TaskStatus::InProgress;
    let mut task = Task {
        number: event.number,
        step: event.step,
        iteration: event.iteration,
        scope: event.scope,
        poll_count: 0,
        status: event.status,
        retried: false,
        executed: false,
        scheduled: event.at,
        started: if at_once { event.at } else { Timestamp::ZERO },
        updated: event.at,
        ended_or_ready: NEVER,
        input: stored.unwrap_or(run.input),
        output: None,
        holder: run.holders.of(None, event.domain.as_deref()),
        extra: rare(event, first_scheduled).map(Box::new),
    };
    task.set_queued(is_worker.then(|| event.at.after(event.delay)));
    consume_for(run, event);
    run.updated = event.at;
    run.open += 1;
    if let Some(child) = event.child {
        run.children.insert(event.number, child);
    }
    if matches!(step.kind, Kind::PullMessages) {
        run.pulls.insert(event.number);
    }
    if matches!(step.kind, Kind::Wait) {
        run.waits.insert(event.number);
    }
    if let Some(latest) = run.latest.get_mut(event.step.0 as usize) {
        *latest = event.number;
    }
    if event.scope != TaskNumber(0) {
        run.in_loops.insert(&run.tasks, &task);
    }
    run.tasks.push(task);
    begin(run, event.number, &step.kind);
    clock::index_task(run, event.number, None);
}

/// The rare part of a new task; none for a first attempt with nothing special about it.
fn rare(event: &Scheduled, first_scheduled: Option<Timestamp>) -> Option<Extra> {
    let extra = Extra {
        reason: event.reason.clone(),
        child: event.child,
        wait_until: event.wait_until,
        retry_count: event.retry_count,
        replaces: event.replaces,
        first_scheduled,
        start_delay: event.delay,
        callback_after: event.delay,
        ..Extra::default()
    };
    (extra != Extra::default()).then_some(extra)
}

/// Takes the agenda item that led to this task; a replaced attempt is marked.
fn consume_for(run: &mut Run, event: &Scheduled) {
    if event.replaces == TaskNumber(0) && happened::branch_made(run, event.step) {
        return;
    }
    if event.replaces == TaskNumber(0) {
        let entered =
            Agenda::Enter { step: event.step, iteration: event.iteration, scope: event.scope };
        consume(run, entered);
    } else {
        consume(run, Agenda::Settle(event.replaces));
        touch(run, event.replaces, |old| {
            old.retried = true;
            old.executed = true;
        });
    }
}

/// What a task the server itself performs needs next.
fn begin(run: &mut Run, number: TaskNumber, kind: &Kind) {
    match kind {
        Kind::Join { fork: Some(fork), .. } => {
            let Some(join) = run.task(number) else { return };
            let forked = run.forked(*fork, join.scope, join.iteration);
            if forked.is_none_or(|forked| forked.left == 0) {
                run.agenda.push_back(Agenda::Join(number));
            }
        }
        Kind::ExclusiveJoin { .. } => exclusive_join::look(run, number),
        Kind::Join { on, unknown, .. } => {
            let Some(join) = run.task(number) else { return };
            let (scope, iteration) = (join.scope, join.iteration);
            let waiting = on
                .iter()
                .filter(|step| {
                    !run.latest_in(**step, scope, iteration)
                        .is_some_and(|task| task.executed && !task.retried)
                })
                .count();
            let waiting_on = u32::try_from(waiting).unwrap_or(u32::MAX).saturating_add(*unknown);
            touch(run, number, |join| join.extra_mut().waiting_on = waiting_on);
            if waiting_on == 0 {
                run.agenda.push_back(Agenda::Join(number));
            }
        }
        Kind::Worker { .. } | Kind::Human | Kind::PullMessages | Kind::SubWorkflow { .. } => {}
        Kind::Wait => {}
        _ => run.agenda.push_front(Agenda::Perform(number)),
    }
}
