//! Folds one event into the state. Cannot fail, evaluate or look at a clock; the same events give
//! the same state, live and in replay.

use fermata_types::{RunId, RunStatus, Span, TaskNumber, TaskStatus, Timestamp};

use crate::definition::Kind;
use crate::event::{Closed, Event, Origin, RunOutput, Scheduled};
use crate::run::state::{Agenda, Run};
use crate::run::task::{Extra, Stored, Task};
use crate::run::{clock, follow};

/// Applies the next event. Its number is `run.last + 1`; `run.row` says which history row it is in.
pub fn apply(run: &mut Run, event: &Event) {
    run.last = run.last.next();
    let stored = event.payload().map(|_| Stored {
        row: run.row,
        index: u16::try_from(run.last.0.saturating_sub(run.row.0)).unwrap_or(u16::MAX),
    });
    match event {
        Event::RunStarted(origin) => started(run, origin, stored),
        Event::TaskScheduled(scheduled) => task_scheduled(run, scheduled, stored),
        Event::TaskLeased { task, worker, at } => leased(run, *task, worker.as_ref(), *at),
        Event::TaskProgressed { task, reason, worker, callback_after, at, .. } => {
            let told = Told { reason: reason.clone(), worker: worker.clone() };
            progressed(run, *task, stored, told, *callback_after, *at);
        }
        Event::LeaseExtended { task, at } => touch(run, *task, |task| task.updated = *at),
        Event::TaskClosed(closed) => task_closed(run, closed, stored),
        Event::TaskForgiven { task } => {
            touch(run, *task, |task| task.status = TaskStatus::CompletedWithErrors);
        }
        Event::TaskSettled { task } => follow::settled(run, *task),
        Event::BranchChosen { task, first } => follow::branch_chosen(run, *task, *first),
        Event::LoopAdvanced { task, iteration, at } => {
            follow::loop_advanced(run, *task, *iteration, *at);
        }
        Event::VariablesSet { values } => set_variables(run, values),
        Event::RunPaused { at } => {
            run.status = RunStatus::Paused;
            run.updated = *at;
        }
        Event::RunResumed { at } => {
            run.status = RunStatus::Running;
            run.clock_restarted = *at;
            run.updated = *at;
            clock::index_run(run);
        }
        Event::RunClosed { .. } => closed(run, event, stored),
        Event::TaskReturned { task, at } => touch(run, *task, |task| {
            task.status = TaskStatus::Scheduled;
            task.queued = Some(*at);
        }),
        Event::ChildStarted { task, child, at } => child_started(run, *task, *child, *at),
    }
}

struct Told {
    reason: Option<String>,
    worker: Option<String>,
}

fn started(run: &mut Run, origin: &Origin, stored: Option<Stored>) {
    if let Some(stored) = stored {
        run.input = stored;
    }
    run.variables.clone_from(&run.definition.variables);
    run.correlation.clone_from(&origin.correlation);
    run.priority = origin.priority;
    run.task_to_domain.clone_from(&origin.task_to_domain);
    run.parent = origin.parent.map(|(task, _)| task);
    run.depth = origin.parent.map_or(0, |(_, depth)| depth);
    run.created_by.clone_from(&origin.created_by);
    run.idempotency_key.clone_from(&origin.idempotency_key);
    run.created = origin.at;
    run.updated = origin.at;
    match run.definition.first {
        Some(step) => {
            run.agenda.push_back(Agenda::Enter { step, iteration: 0, scope: TaskNumber(0) })
        }
        None => run.main_ended = true,
    }
    clock::index_run(run);
}

fn task_scheduled(run: &mut Run, event: &Scheduled, stored: Option<Stored>) {
    let definition = run.definition.clone();
    let step = definition.step(event.step);
    let first_scheduled = run.task(event.replaces).map_or(event.at, |old| old.first_scheduled);
    let is_worker = matches!(step.kind, Kind::Worker { .. });
    let at_once = event.status == TaskStatus::InProgress;
    let mut task = Task {
        number: event.number,
        step: event.step,
        iteration: event.iteration,
        scope: event.scope,
        retry_count: event.retry_count,
        replaces: event.replaces,
        status: event.status,
        retried: false,
        executed: false,
        poll_count: 0,
        scheduled: event.at,
        first_scheduled,
        started: if at_once { event.at } else { Timestamp::ZERO },
        ended: Timestamp::ZERO,
        updated: event.at,
        start_delay: event.delay,
        callback_after: event.delay,
        input: stored.unwrap_or(run.input),
        output: None,
        queued: is_worker.then(|| event.at.after(event.delay)),
        due: None,
        extra: None,
    };
    if event.domain.is_some()
        || event.child.is_some()
        || event.wait_until.is_some()
        || event.reason.is_some()
    {
        task.extra = Some(Box::new(Extra {
            domain: event.domain.clone(),
            child: event.child,
            wait_until: event.wait_until,
            reason: event.reason.clone(),
            ..Extra::default()
        }));
    }
    consume_for(run, event);
    run.updated = event.at;
    run.open += 1;
    if let Some(child) = event.child {
        run.children.insert(event.number, child);
    }
    if matches!(step.kind, Kind::PullMessages) {
        run.pulls.insert(event.number);
    }
    if let Some(latest) = run.latest.get_mut(event.step.0 as usize) {
        *latest = event.number;
    }
    if event.scope != TaskNumber(0) {
        run.in_loops.insert((event.scope, event.iteration, event.step), event.number);
    }
    run.tasks.push(task);
    begin(run, event.number, &step.kind);
    clock::index_task(run, event.number);
}

/// Takes the agenda item that led to this task; a replaced attempt is marked.
fn consume_for(run: &mut Run, event: &Scheduled) {
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

/// Takes an item off the agenda.
pub(super) fn consume(run: &mut Run, item: Agenda) {
    if let Some(at) = run.agenda.iter().position(|found| *found == item) {
        run.agenda.remove(at);
    }
}

/// Changes a task and keeps its deadline's place in the index.
pub(super) fn touch(run: &mut Run, number: TaskNumber, change: impl FnOnce(&mut Task)) {
    if let Some(task) = run.task_mut(number) {
        change(task);
    }
    clock::index_task(run, number);
}

fn child_started(run: &mut Run, number: TaskNumber, child: RunId, at: Timestamp) {
    run.updated = at;
    run.children.insert(number, child);
    touch(run, number, |task| {
        task.status = TaskStatus::InProgress;
        task.started = at;
        task.updated = at;
        task.callback_after = Span::ZERO;
        task.extra_mut().child = Some(child);
    });
}

fn leased(run: &mut Run, number: TaskNumber, worker: Option<&String>, at: Timestamp) {
    touch(run, number, |task| {
        task.status = TaskStatus::InProgress;
        if task.started == Timestamp::ZERO {
            task.started = at;
        }
        task.updated = at;
        task.callback_after = Span::ZERO;
        task.poll_count = task.poll_count.saturating_add(1);
        task.queued = None;
        if let Some(worker) = worker {
            task.extra_mut().worker = Some(worker.clone());
        }
    });
}

fn progressed(
    run: &mut Run,
    number: TaskNumber,
    output: Option<Stored>,
    told: Told,
    callback_after: Span,
    at: Timestamp,
) {
    let is_worker =
        run.task(number).is_some_and(|task| matches!(run.step_of(task).kind, Kind::Worker { .. }));
    run.updated = at;
    touch(run, number, |task| {
        task.output = output;
        task.updated = at;
        task.callback_after = callback_after;
        if is_worker {
            task.status = TaskStatus::Scheduled;
            task.queued = Some(at.after(callback_after));
        }
        let extra = task.extra_mut();
        extra.reason = told.reason;
        extra.worker = told.worker;
    });
}

fn task_closed(run: &mut Run, event: &Closed, stored: Option<Stored>) {
    let was_open = run.task(event.task).is_some_and(|task| !task.status.is_terminal());
    touch(run, event.task, |task| {
        task.status = event.status;
        task.ended = event.at;
        task.queued = None;
        if stored.is_some() {
            task.output = stored;
        }
        if task.reason() != event.reason.as_deref() {
            task.extra_mut().reason.clone_from(&event.reason);
        }
        if event.worker.is_some() {
            task.extra_mut().worker.clone_from(&event.worker);
        }
    });
    if was_open {
        run.open = run.open.saturating_sub(1);
    }
    run.updated = event.at;
    run.children.remove(&event.task);
    run.pulls.remove(&event.task);
    for done in [Agenda::Perform(event.task), Agenda::Loop(event.task), Agenda::Join(event.task)] {
        consume(run, done);
    }
    run.agenda.push_back(Agenda::Settle(event.task));
}

fn set_variables(run: &mut Run, values: &[(String, fermata_types::Payload)]) {
    for (name, value) in values {
        match run.variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.clone(),
            None => run.variables.push((name.clone(), value.clone())),
        }
    }
}

fn closed(run: &mut Run, event: &Event, stored: Option<Stored>) {
    let Event::RunClosed { status, output, reason, failed_task, at } = event else { return };
    run.status = *status;
    run.output = match output {
        // The value itself stays in history; the state only knows where it is.
        RunOutput::Value(_) => RunOutput::Empty,
        other => other.clone(),
    };
    run.output_at = stored;
    run.reason.clone_from(reason);
    if failed_task.is_some() {
        run.failed_task = *failed_task;
    }
    run.ended = *at;
    run.updated = *at;
    run.agenda.clear();
    run.deadlines.clear();
    run.children.clear();
    run.pulls.clear();
}
