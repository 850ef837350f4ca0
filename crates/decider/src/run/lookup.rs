//! Tasks by their reference name, found from the run's steps: whatever the number of tasks,
//! only the place a reference names is looked at.

use crate::definition::StepId;
use crate::run::state::Run;
use crate::run::task::Task;

/// A reference as others write it.
struct Wanted<'a> {
    /// The steps of exactly that name: one of the definition, or one of each fork that made it.
    plain: Vec<StepId>,
    /// The steps and the iteration that `ref__N` names.
    suffixed: Vec<StepId>,
    iteration: u32,
    text: &'a str,
}

impl<'a> Wanted<'a> {
    fn new(run: &Run, text: &'a str) -> Self {
        let named = text.rsplit_once("__").and_then(|(name, number)| {
            let iteration: u32 = number.parse().ok().filter(|number| *number > 0)?;
            // Only the number as it would be shown.
            (iteration.to_string() == number).then_some((name, iteration))
        });
        let suffixed = named.map_or_else(Vec::new, |(name, _)| run.find_steps(name));
        let iteration = named.map_or(0, |(_, iteration)| iteration);
        Self { plain: run.find_steps(text), suffixed, iteration, text }
    }

    fn steps(&self) -> impl Iterator<Item = StepId> + '_ {
        self.plain.iter().chain(&self.suffixed).copied()
    }

    /// Whether a task of one of the steps has the reference, with or without its loop suffix.
    fn is(&self, run: &Run, task: &Task) -> bool {
        self.plain.contains(&task.step) || run.reference_of(task) == self.text
    }
}

fn first<'a>(tasks: impl Iterator<Item = &'a Task>) -> Option<&'a Task> {
    tasks.min_by_key(|task| task.number)
}

/// The first open task of exactly that reference, else the first whose reference without the loop
/// suffix is that.
#[must_use]
pub fn pending<'a>(run: &'a Run, reference: &str) -> Option<&'a Task> {
    let wanted = Wanted::new(run, reference);
    let of = |steps: &[StepId]| -> Vec<&'a Task> {
        steps.iter().filter_map(|step| open_of(run, *step)).collect()
    };
    let (plain, suffixed) = (of(&wanted.plain), of(&wanted.suffixed));
    let exact = plain.iter().filter(|task| task.iteration == 0);
    let exact = exact.chain(suffixed.iter().filter(|task| task.iteration == wanted.iteration));
    first(exact.copied()).or_else(|| first(plain.iter().copied())).or_else(|| stray(run, &wanted))
}

/// The open task of a step. There is at most one in the latest turn of the loops around it.
fn open_of(run: &Run, step: StepId) -> Option<&Task> {
    let task = in_latest_turn(run, step)?;
    (!run.shown_status(task).is_terminal()).then_some(task)
}

/// Whether a step is in one place only, so that its latest attempt is the only one that counts:
/// outside of loops, or made from data in one turn of a loop.
fn is_in_one_place(run: &Run, step: StepId) -> bool {
    let is_made = |step: StepId| run.dynamic.of_step(step).is_some();
    match run.step(step).enclosing_loop {
        None => true,
        Some(around) => is_made(step) && !is_made(around),
    }
}

/// The latest attempt of a step in the latest turn of the loops around it.
fn in_latest_turn(run: &Run, step: StepId) -> Option<&Task> {
    match run.step(step).enclosing_loop {
        Some(around) if !is_in_one_place(run, step) => {
            let around = in_latest_turn(run, around)?;
            run.latest_in(step, around.number, around.loop_iteration())
        }
        _ => run.latest(step),
    }
}

/// A loop that was forgiven leaves what was open in it behind: only a reference into a loop that is
/// not found where it should be is looked for in all tasks.
fn stray<'a>(run: &'a Run, wanted: &Wanted<'_>) -> Option<&'a Task> {
    if run.open == 0 || wanted.steps().all(|step| is_in_one_place(run, step)) {
        return None;
    }
    let open = || run.tasks.iter().filter(|task| !run.shown_status(task).is_terminal());
    let may_be = |task: &&Task| wanted.steps().any(|step| step == task.step);
    open()
        .filter(may_be)
        .find(|task| run.reference_of(task) == wanted.text)
        .or_else(|| open().find(|task| wanted.plain.contains(&task.step)))
}

/// The first ended attempt of a reference, with or without its loop suffix, that no later attempt
/// replaced.
#[must_use]
pub fn ended<'a>(run: &'a Run, reference: &str) -> Option<&'a Task> {
    let wanted = Wanted::new(run, reference);
    let is_ended = |task: &&Task| task.status.is_terminal() && !task.retried;
    if wanted.steps().all(|step| is_in_one_place(run, step)) {
        let latest = wanted.steps().filter_map(|step| run.latest(step));
        return first(latest.filter(is_ended).filter(|task| wanted.is(run, task)));
    }
    run.tasks
        .iter()
        .filter(|task| wanted.steps().any(|step| step == task.step))
        .filter(is_ended)
        .find(|task| wanted.is(run, task))
}
