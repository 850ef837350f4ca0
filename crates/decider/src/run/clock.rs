//! Deadlines of a run and its tasks: when each is due, and the index of them
//! (`conductor-semantics` 3, with quirks 59, 65 and 66 fixed).

use fermata_types::{RunStatus, Span, TaskNumber, TaskStatus, Timestamp};

use crate::definition::{Kind, TimeoutPolicy};
use crate::run::state::Run;
use crate::run::task::Task;

/// Task 0 of the index: the run's own deadline.
pub const RUN: TaskNumber = TaskNumber(0);

/// What a task's deadline means once reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// `totalTimeoutSeconds`.
    Total,
    /// `timeoutSeconds`.
    Task,
    /// `pollTimeoutSeconds`.
    Poll,
    /// `responseTimeoutSeconds`.
    Response,
    /// A timed WAIT is over.
    Wait,
    /// The delay before a SUB_WORKFLOW's child begins is over.
    Start,
}

/// The limits that run for a task now, with their times. ALERT_ONLY limits do nothing, so they
/// have none.
pub fn limits(run: &Run, task: &Task) -> impl Iterator<Item = (Limit, Timestamp)> {
    let step = run.step_of(task);
    let policy = &step.policy;
    let acts = policy.timeout_policy != TimeoutPolicy::AlertOnly;
    let is_worker = matches!(step.kind, Kind::Worker { .. });
    let set = |span: Span| span > Span::ZERO;
    let is_scheduled = task.status == TaskStatus::Scheduled;
    // The delay of a first attempt prolongs its timeout; that of a retry does not (quirk 65).
    let delay = if task.retry_count() == 0 { task.start_delay() } else { Span::ZERO };
    let total = (acts && set(policy.total_timeout))
        .then(|| (Limit::Total, task.first_scheduled().after(policy.total_timeout)));
    let whole = (acts && set(policy.timeout) && task.started > Timestamp::ZERO)
        .then(|| (Limit::Task, task.started.after(delay).after(policy.timeout)));
    let poll = (acts && is_worker && is_scheduled && set(policy.poll_timeout)).then(|| {
        (Limit::Poll, task.scheduled.after(task.callback_after()).after(policy.poll_timeout))
    });
    // What the inside worker has begun for somebody else to complete has an output and all the
    // time it needs.
    let is_awaited = step.inside && task.output.is_some();
    let is_held = is_worker && !is_scheduled && !is_awaited;
    let response = (is_held && set(policy.response_timeout)).then(|| {
        let from = task.updated.after(task.callback_after());
        (Limit::Response, from.after(policy.response_timeout))
    });
    let wait = task.wait_until().map(|until| (Limit::Wait, until));
    let start = (is_scheduled && matches!(step.kind, Kind::SubWorkflow { .. }))
        .then(|| (Limit::Start, task.scheduled.after(task.start_delay())));
    let open = !task.status.is_terminal();
    [total, whole, poll, response, wait, start].into_iter().flatten().filter(move |_| open)
}

/// A task's earliest deadline: its entry in the index.
#[must_use]
pub fn task_due(run: &Run, number: TaskNumber) -> Option<Timestamp> {
    let task = run.task(number).filter(|_| !run.status.is_terminal())?;
    limits(run, task).map(|(_, due)| due).min()
}

/// Puts a task's earliest deadline into the index, or takes it out; `before` is what
/// [`task_due`] said before the task was changed.
pub(crate) fn index_task(run: &mut Run, number: TaskNumber, before: Option<Timestamp>) {
    let due = task_due(run, number);
    if due == before {
        return;
    }
    if let Some(before) = before {
        run.deadlines.remove(&(before, number));
    }
    if let Some(due) = due {
        run.deadlines.insert((due, number));
    }
}

/// Puts the run's own timeout into the index.
pub(crate) fn index_run(run: &mut Run) {
    run.deadlines.retain(|(_, number)| *number != RUN);
    if let Some(due) = workflow_due(run) {
        run.deadlines.insert((due, RUN));
    }
}

/// When the workflow timeout is reached; none without one that acts.
#[must_use]
pub fn workflow_due(run: &Run) -> Option<Timestamp> {
    let definition = &run.definition;
    let acts = definition.timeout_policy == TimeoutPolicy::TimeOutWorkflow;
    (acts && definition.timeout > Span::ZERO && !run.status.is_terminal())
        .then(|| clock_start(run).after(definition.timeout))
}

/// From when the workflow timeout is counted.
#[must_use]
pub fn clock_start(run: &Run) -> Timestamp {
    if run.clock_restarted > Timestamp::ZERO { run.clock_restarted } else { run.created }
}

/// The run's next deadline. While PAUSED only WAIT ends on time (design 5).
#[must_use]
pub fn next_deadline(run: &Run) -> Option<Timestamp> {
    match run.status {
        RunStatus::Running => run.deadlines.first().map(|(due, _)| *due),
        RunStatus::Paused => {
            run.deadlines.iter().filter_map(|(_, number)| run.task(*number)?.wait_until()).min()
        }
        _ => None,
    }
}
