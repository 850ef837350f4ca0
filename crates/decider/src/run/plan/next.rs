//! From an agenda item to the step that deals with it.

use fermata_types::{RunStatus, TaskNumber, TaskStatus};

use crate::context::Context;
use crate::definition::Kind;
use crate::event::{Event, Scheduled};
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::{finish, inputs, queueing, settle};
use crate::run::state::{Agenda, Run};
use crate::run::task::Task;
use crate::task_kinds::{
    decision, do_while, dynamic, dynamic_fork, fork_join, inline, inside, join, json_jq_transform,
    keep_last, lambda, noop, pull_messages, set_variable, sub_workflow, switch, terminate, wait,
};

/// Deals with one agenda item. The events of the answer take it off the agenda.
pub(crate) fn take(run: &Run, item: Agenda, context: Context<'_>) -> Result<Step, Needs> {
    match item {
        Agenda::Enter { step, iteration, scope } => {
            let entry = Entry {
                step,
                iteration,
                scope,
                retry_count: loop_retries(run, scope),
                replaces: TaskNumber(0),
            };
            let made = enter(run, entry, context)?;
            keep_last::after_entry(run, entry, made, context)
        }
        Agenda::Perform(task) => perform(run, task, context),
        Agenda::Settle(task) => settle::settle(run, task, context),
        Agenda::Loop(task) => do_while::iterate(run, task, context),
        Agenda::Join(task) => join::join(run, task, context),
        Agenda::Branches(fork) => dynamic_fork::next_branch(run, fork, context),
    }
}

/// The first body task of a loop takes over the loop's retry count (`conductor-semantics` 5.9.1).
pub(crate) fn loop_retries(run: &Run, scope: TaskNumber) -> u32 {
    run.task(scope).map_or(0, Task::retry_count)
}

/// A task about to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub step: crate::definition::StepId,
    pub iteration: u32,
    pub scope: TaskNumber,
    pub retry_count: u32,
    pub replaces: TaskNumber,
}

/// Makes a task from a step, with its input resolved.
pub(crate) fn enter(run: &Run, entry: Entry, context: Context<'_>) -> Result<Step, Needs> {
    if run.tasks.made() >= fermata_types::limits::TASKS_PER_RUN {
        let limit = fermata_types::limits::TASKS_PER_RUN;
        return finish::failed(run, format!("a run is limited to {limit} tasks"), None, context);
    }
    let old = run.task(entry.replaces);
    let step = old.map_or_else(|| run.step(entry.step), |old| run.step_of(old));
    let place = (entry.step, entry.iteration);
    let input = match inputs::of_place(run, place, old, step, context)? {
        Ok(input) => input,
        Err(limit) => {
            let reference = run.reference_of_step(entry.step);
            let reason = format!("Error resolving the input of {reference}: {limit}");
            return finish::failed(run, reason, None, context);
        }
    };
    let scheduled = scheduled(run, entry, &step.kind, input, context);
    of_kind(run, scheduled, step, context)
}

fn scheduled(
    run: &Run,
    entry: Entry,
    kind: &Kind,
    input: fermata_types::Payload,
    context: Context<'_>,
) -> Scheduled {
    let mut scheduled = Scheduled {
        number: run.next_task(),
        step: entry.step,
        iteration: entry.iteration,
        scope: entry.scope,
        retry_count: entry.retry_count,
        replaces: entry.replaces,
        status: TaskStatus::InProgress,
        input,
        delay: fermata_types::Span::ZERO,
        domain: None,
        child: None,
        wait_until: None,
        reason: None,
        at: context.now,
    };
    if let Some(old) = run.task(entry.replaces) {
        scheduled.delay = settle::retry_delay(run, old);
        scheduled.reason = old.reason().map(str::to_owned);
    } else if has_start_delay(kind) {
        scheduled.delay = run.step(entry.step).start_delay;
    }
    scheduled
}

/// Makes the task as its kind wants it.
pub(crate) fn of_kind(
    run: &Run,
    mut scheduled: Scheduled,
    step: &crate::definition::Step,
    context: Context<'_>,
) -> Result<Step, Needs> {
    match &step.kind {
        Kind::Worker { task_type } => {
            scheduled.status = TaskStatus::Scheduled;
            if step.inside {
                let given = step.async_complete;
                scheduled.input = inside::with_async_complete(&scheduled.input, given);
            } else {
                scheduled.domain = queueing::domain(run, task_type, context);
            }
            let place = queueing::place(&scheduled, task_type);
            let event = Event::TaskScheduled(Box::new(scheduled));
            Ok(Step { events: vec![event], effects: vec![crate::Effect::Enqueue(place)] })
        }
        Kind::SubWorkflow { params } => sub_workflow::enter(run, scheduled, params, context),
        Kind::Wait => Ok(wait::enter(scheduled, context)),
        Kind::Switch { .. } => switch::enter(run, scheduled, context),
        Kind::Decision { .. } => decision::enter(run, scheduled, context),
        Kind::PullMessages => pull_messages::enter(run, scheduled, context),
        Kind::DynamicFork { .. } => dynamic_fork::enter(run, scheduled, step, context),
        Kind::Dynamic { parameter } => dynamic::enter(run, scheduled, parameter, context),
        _ => Ok(Step::of(vec![Event::TaskScheduled(Box::new(scheduled))])),
    }
}

const fn has_start_delay(kind: &Kind) -> bool {
    matches!(kind, Kind::Worker { .. } | Kind::SubWorkflow { .. } | Kind::Dynamic { .. })
}

/// Carries out a task that the server itself performs.
fn perform(run: &Run, number: TaskNumber, context: Context<'_>) -> Result<Step, Needs> {
    let Some(task) = run.task(number) else { return Err(Needs::default()) };
    let step = run.step_of(task);
    match &step.kind {
        Kind::Fork { join, .. } => fork_join::perform(run, task, *join, context),
        Kind::Inline => inline::perform(run, task, context),
        Kind::Lambda => lambda::perform(run, task, context),
        Kind::JsonJqTransform => json_jq_transform::perform(run, task, context),
        Kind::SetVariable => set_variable::perform(run, task, context),
        Kind::Terminate => terminate::perform(run, task, context),
        Kind::DoWhile { .. } => do_while::begin(run, task, context),
        _ => Ok(noop::perform(task, context)),
    }
}

/// Ends a run that has nothing left to do (`conductor-semantics` 0.5.6, 0.5.7 and 5.13).
pub(crate) fn finish(run: &Run, context: Context<'_>) -> Result<Step, Needs> {
    if let Some(task) = run.terminated_by.and_then(|number| run.task(number)) {
        return terminate::finish(run, task, context);
    }
    if let Some(reason) = permissive_failures(run) {
        let failed = run.permissive_failures.first().copied();
        return finish::failed(run, reason, failed, context);
    }
    let reason = run.tasks.is_empty().then(|| "No tasks found to be executed".to_owned());
    let ending = finish::Ending { status: RunStatus::Completed, reason, failed_task: None };
    finish::close(run, ending, context)
}

/// Failures that the reason of a run tells; a fork may have a hundred thousand.
const FAILURES_TOLD_MAX: usize = 100;

fn permissive_failures(run: &Run) -> Option<String> {
    let reasons: Vec<String> = run
        .permissive_failures
        .iter()
        .filter_map(|number| run.task(*number))
        .take(FAILURES_TOLD_MAX)
        .map(|task| {
            format!(
                "Task {} failed with status: {} and reason: '{}'",
                run.id.task(task.number),
                task.status,
                task.reason().unwrap_or("null")
            )
        })
        .collect();
    (!reasons.is_empty()).then(|| reasons.join(". "))
}
