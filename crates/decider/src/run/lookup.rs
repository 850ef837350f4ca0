//! Tasks by their reference name, found from the definition's steps: whatever the number of tasks,
//! only the place a reference names is looked at.

use crate::definition::StepId;
use crate::run::state::Run;
use crate::run::task::Task;

/// A reference as others write it.
struct Wanted<'a> {
    /// The step of exactly that name.
    plain: Option<StepId>,
    /// The step and the iteration that `ref__N` names.
    suffixed: Option<(StepId, u32)>,
    text: &'a str,
}

impl<'a> Wanted<'a> {
    fn new(run: &Run, text: &'a str) -> Self {
        let step = |name: &str| run.definition.references.get(name).copied();
        let suffixed = text.rsplit_once("__").and_then(|(name, number)| {
            let iteration: u32 = number.parse().ok().filter(|number| *number > 0)?;
            // Only the number as it would be shown.
            (iteration.to_string() == number).then_some((step(name)?, iteration))
        });
        Self { plain: step(text), suffixed, text }
    }
}

/// The first open task of exactly that reference, else the first whose reference without the loop
/// suffix is that.
#[must_use]
pub fn pending<'a>(run: &'a Run, reference: &str) -> Option<&'a Task> {
    let wanted = Wanted::new(run, reference);
    let plain = wanted.plain.and_then(|step| open_of(run, step));
    let suffixed = wanted.suffixed.and_then(|(step, iteration)| {
        open_of(run, step).filter(|task| task.iteration == iteration)
    });
    let exact = plain.filter(|task| task.iteration == 0);
    let found = match (exact, suffixed) {
        (Some(one), Some(other)) => Some(if one.number < other.number { one } else { other }),
        (one, other) => one.or(other),
    };
    found.or(plain).or_else(|| stray(run, &wanted))
}

/// The open task of a step. There is at most one in the latest turn of the loops around it.
fn open_of(run: &Run, step: StepId) -> Option<&Task> {
    let task = in_latest_turn(run, step)?;
    (!run.shown_status(task).is_terminal()).then_some(task)
}

/// The latest attempt of a step in the latest turn of the loops around it.
fn in_latest_turn(run: &Run, step: StepId) -> Option<&Task> {
    match run.definition.step(step).enclosing_loop {
        None => run.latest(step),
        Some(around) => {
            let around = in_latest_turn(run, around)?;
            run.latest_in(step, around.number, around.loop_iteration())
        }
    }
}

/// A loop that was forgiven leaves what was open in it behind: only a reference into a loop that is
/// not found where it should be is looked for in all tasks.
fn stray<'a>(run: &'a Run, wanted: &Wanted<'_>) -> Option<&'a Task> {
    let is_looped = |step: StepId| run.definition.step(step).enclosing_loop.is_some();
    let steps = [wanted.plain, wanted.suffixed.map(|(step, _)| step)];
    if run.open == 0 || !steps.into_iter().flatten().any(is_looped) {
        return None;
    }
    let open = || run.tasks.iter().filter(|task| !run.shown_status(task).is_terminal());
    let may_be = |task: &&Task| steps.contains(&Some(task.step));
    open()
        .filter(may_be)
        .find(|task| run.reference_of(task) == wanted.text)
        .or_else(|| open().find(|task| Some(task.step) == wanted.plain))
}

/// The first ended attempt of a reference, with or without its loop suffix, that no later attempt
/// replaced.
#[must_use]
pub fn ended<'a>(run: &'a Run, reference: &str) -> Option<&'a Task> {
    let wanted = Wanted::new(run, reference);
    let is_ended = |task: &&Task| task.status.is_terminal() && !task.retried;
    let steps = [wanted.plain, wanted.suffixed.map(|(step, _)| step)];
    let is_looped = |step: StepId| run.definition.step(step).enclosing_loop.is_some();
    if !steps.into_iter().flatten().any(is_looped) {
        let found = wanted.plain.and_then(|step| run.latest(step));
        return found.filter(is_ended);
    }
    run.tasks
        .iter()
        .filter(|task| steps.contains(&Some(task.step)))
        .filter(is_ended)
        .find(|task| Some(task.step) == wanted.plain || run.reference_of(task) == wanted.text)
}
