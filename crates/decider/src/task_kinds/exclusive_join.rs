//! EXCLUSIVE_JOIN: takes over the output of the first of the tasks it names that exists
//! (`conductor-semantics` 5.6, quirk 62 copied).

use fermata_types::{Payload, TaskNumber};

use crate::context::Context;
use crate::definition::{Kind, StepId};
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::apply::touch;
use crate::run::derived::{self, Lack, Part};
use crate::run::state::{Agenda, Run};
use crate::run::task::Task;
use crate::task_kinds::{closing, join};

/// Puts it on the agenda once a task decides it, and keeps which one; part of `apply`.
pub(crate) fn look(run: &mut Run, number: TaskNumber) {
    let Some(decided_by) = run.task(number).and_then(|task| Some(deciding(run, task)?.number))
    else {
        return;
    };
    let item = Agenda::Join(number);
    if run.agenda.contains(&item) {
        return;
    }
    touch(run, number, |task| task.extra_mut().waiting_on = decided_by.0);
    run.agenda.push_back(item);
}

/// The task that decides: the first one that exists of those named, if it is done with; else the
/// first one of the defaults.
fn deciding<'a>(run: &'a Run, join: &Task) -> Option<&'a Task> {
    let Kind::ExclusiveJoin { on, defaults } = &run.step(join.step).kind else { return None };
    let first = |steps: &[StepId]| {
        let found = steps.iter().find_map(|it| run.latest_in(*it, join.scope, join.iteration));
        found.filter(|task| task.executed && !task.retried)
    };
    first(on).or_else(|| first(defaults))
}

pub(super) fn join(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let number = task.number;
    let decided_by = task.extra().map_or(0, |extra| extra.waiting_on);
    let Some(decided_by) = run.task(TaskNumber(decided_by)) else { return Err(Needs::default()) };
    let (status, reason) = join::outcome(run, &[decided_by]);
    if !decided_by.status.is_successful() {
        return Ok(Step::of(vec![closing::closed(number, status, None, reason, context)]));
    }
    let payload = |at| context.fetched.payload(at);
    let output = match derived::output(run, decided_by, &payload, Part::Whole) {
        Ok(output) => Some(Payload::from_value(&output)),
        Err(Lack::Payloads(payloads)) => return Err(Needs::payloads(payloads)),
        Err(Lack::TooManyTasks) => None,
    };
    Ok(Step::of(vec![closing::completed(number, output, context)]))
}
