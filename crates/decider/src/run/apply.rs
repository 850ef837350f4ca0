//! Folds one event into the state. Cannot fail, evaluate or look at a clock; the same events give
//! the same state, live and in replay.

use std::sync::Arc;

use fermata_types::{RunId, RunStatus, Span, TaskNumber, TaskStatus, Timestamp};

use crate::definition::Kind;
use crate::event::{Closed, Event, Origin, RunOutput};
use crate::run::holders::Holder;
use crate::run::state::{Agenda, Run};
use crate::run::task::{Stored, Task};
use crate::run::{clock, dynamic, follow, forget, made};

/// Applies the next event. Its number is `run.last + 1`; `run.row` says which history row it is in.
pub fn apply(run: &mut Run, event: &Event) {
    run.last = run.last.next();
    let index = u16::try_from(run.last.0.saturating_sub(run.row.0)).unwrap_or(u16::MAX);
    let place = Stored::new(run.row, index);
    let stored = event.payload().map(|_| place);
    match event {
        Event::RunStarted(origin) => started(run, origin, stored),
        Event::TaskScheduled(scheduled) => made::task_scheduled(run, scheduled, stored),
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
        Event::ItemTaken { task, iteration, at, .. } => {
            touch(run, *task, |task| task.extra_mut().item = stored);
            follow::loop_advanced(run, *task, *iteration, *at);
        }
        Event::IterationsDropped { task, through } => forget::forget(run, *task, *through),
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
            task.set_queued(Some(*at));
        }),
        Event::ChildStarted { task, child, at } => child_started(run, *task, *child, *at),
        Event::BranchesPlanned(planned) => dynamic::happened::planned(run, planned, place),
        Event::TaskResolved { task, step } => dynamic::happened::resolved(run, *task, step),
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

/// Takes an item off the agenda.
pub(crate) fn consume(run: &mut Run, item: Agenda) {
    if let Some(at) = run.agenda.iter().position(|found| *found == item) {
        run.agenda.remove(at);
    }
}

/// Changes a task and keeps its deadline's place in the index.
pub(crate) fn touch(run: &mut Run, number: TaskNumber, change: impl FnOnce(&mut Task)) {
    let before = clock::task_due(run, number);
    if let Some(task) = run.task_mut(number) {
        change(task);
    }
    clock::index_task(run, number, before);
}

fn child_started(run: &mut Run, number: TaskNumber, child: RunId, at: Timestamp) {
    run.updated = at;
    run.children.insert(number, child);
    touch(run, number, |task| {
        task.status = TaskStatus::InProgress;
        task.started = at;
        task.updated = at;
        task.set_callback_after(Span::ZERO);
        task.extra_mut().child = Some(child);
    });
}

/// The holder a task has once that worker has it: its domain stays.
fn holder(run: &mut Run, number: TaskNumber, worker: Option<&str>) -> Option<Arc<Holder>> {
    let index = usize::try_from(number.0.checked_sub(1)?).ok()?;
    let task = run.tasks.get(index)?;
    if task.worker() == worker {
        return task.holder.clone();
    }
    run.holders.of(worker, task.domain())
}

fn leased(run: &mut Run, number: TaskNumber, worker: Option<&String>, at: Timestamp) {
    let taken_by = worker.map(|worker| holder(run, number, Some(worker)));
    touch(run, number, |task| {
        task.status = TaskStatus::InProgress;
        if task.started == Timestamp::ZERO {
            task.started = at;
        }
        task.updated = at;
        task.set_callback_after(Span::ZERO);
        task.poll_count = task.poll_count.saturating_add(1);
        task.set_queued(None);
        if let Some(holder) = taken_by {
            task.holder = holder;
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
    let Some(step) = run.task(number).map(|task| run.step_of(task)) else { return };
    let (is_inside, is_worker) = (step.inside, matches!(step.kind, Kind::Worker { .. }));
    run.updated = at;
    let holder = holder(run, number, told.worker.as_deref());
    touch(run, number, |task| {
        task.output = output;
        task.updated = at;
        task.set_callback_after(callback_after);
        if is_inside {
            // Somebody else completes it.
            task.status = TaskStatus::InProgress;
            task.set_queued(None);
        } else if is_worker {
            task.status = TaskStatus::Scheduled;
            task.set_queued(Some(at.after(callback_after)));
        }
        task.set_reason(told.reason);
        task.holder = holder;
    });
}

fn task_closed(run: &mut Run, event: &Closed, stored: Option<Stored>) {
    let was_open = run.task(event.task).is_some_and(|task| !task.status.is_terminal());
    let worker = event.worker.as_deref();
    let ended_by = worker.map(|worker| holder(run, event.task, Some(worker)));
    touch(run, event.task, |task| {
        task.end(event.status, event.at);
        if stored.is_some() {
            task.output = stored;
        }
        if task.reason() != event.reason.as_deref() {
            task.set_reason(event.reason.clone());
        }
        if let Some(holder) = ended_by {
            task.holder = holder;
        }
    });
    if was_open {
        run.open = run.open.saturating_sub(1);
    }
    run.updated = event.at;
    run.children.remove(&event.task);
    run.pulls.remove(&event.task);
    run.waits.remove(&event.task);
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
    run.waits.clear();
}
