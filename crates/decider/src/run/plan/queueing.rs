//! Where a task waits for its worker: queue names, domains, entering and leaving.

use fermata_types::Timestamp;

use crate::context::Context;
use crate::definition::Kind;
use crate::effect::{Effect, QueuePlace};
use crate::event::Scheduled;
use crate::run::state::Run;
use crate::run::task::Task;

/// `[domain:]taskType` (`conductor-semantics` 0.3).
#[must_use]
pub fn queue_name(task_type: &str, domain: Option<&str>) -> String {
    match domain {
        Some(domain) => format!("{domain}:{task_type}"),
        None => task_type.to_owned(),
    }
}

/// The place of a task about to be made.
pub(super) fn place(scheduled: &Scheduled, task_type: &str) -> QueuePlace {
    QueuePlace {
        task: scheduled.number,
        queue: queue_name(task_type, scheduled.domain.as_deref()),
        ready: scheduled.at.after(scheduled.delay),
    }
}

fn task_type<'a>(run: &'a Run, task: &Task) -> Option<&'a str> {
    match &run.step_of(task).kind {
        Kind::Worker { task_type } => Some(task_type),
        _ => None,
    }
}

/// Takes a task out of its queue, if it is in one.
pub(crate) fn dequeue(run: &Run, task: &Task) -> Option<Effect> {
    let ready = task.queued()?;
    let queue = queue_name(task_type(run, task)?, task.domain());
    Some(Effect::Dequeue(QueuePlace { task: task.number, queue, ready }))
}

/// Puts a worker's task back into its queue.
pub(crate) fn requeue(run: &Run, task: &Task, ready: Timestamp) -> Option<Effect> {
    let queue = queue_name(task_type(run, task)?, task.domain());
    Some(Effect::Enqueue(QueuePlace { task: task.number, queue, ready }))
}

/// The domain of a new task (`conductor-semantics` 1.8): the first listed one that a worker polled
/// lately, else none if the list ends with NO_DOMAIN, else the last.
pub(super) fn domain(run: &Run, task_type: &str, context: Context<'_>) -> Option<String> {
    let listed = |key: &str| {
        run.task_to_domain
            .iter()
            .find(|(name, list)| name == key && !list.trim().is_empty())
            .map(|(_, list)| list)
    };
    let list = listed(task_type).or_else(|| listed("*"))?;
    let is_none = |domain: &str| domain.eq_ignore_ascii_case("NO_DOMAIN");
    let domains: Vec<&str> = list.split(',').map(str::trim).filter(|d| !d.is_empty()).collect();
    let polled = domains
        .iter()
        .find(|domain| !is_none(domain) && context.fetched.is_polled(task_type, domain));
    let chosen = polled.or_else(|| domains.last().filter(|last| !is_none(last)))?;
    Some((*chosen).to_owned())
}
