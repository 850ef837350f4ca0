//! `keepLastN` of DO_WHILE: once an iteration's first task is there, those that are no longer kept
//! are dropped (`conductor-semantics` 5.9.2), so that a long loop stays small.

use fermata_types::TaskNumber;

use crate::context::Context;
use crate::definition::{Keep, Kind};
use crate::effect::{Effect, Forgotten};
use crate::event::Event;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::forget;
use crate::run::plan::next::Entry;
use crate::run::state::Run;
use crate::task_kinds::closing;

/// Adds to the step that made a task what it drops: it does when it is the first of its iteration.
pub(crate) fn after_entry(
    run: &Run,
    entry: Entry,
    mut made: Step,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let is_made = matches!(made.events.first(), Some(Event::TaskScheduled(_)));
    let Some(task) = run.task(entry.scope).filter(|_| is_made) else { return Ok(made) };
    let Kind::DoWhile { body: Some(first), keep, .. } = &run.step_of(task).kind else {
        return Ok(made);
    };
    if *first != entry.step {
        return Ok(made);
    }
    let keep = match keep {
        Keep::Input => {
            let input = closing::input(task, context)?;
            input.get("keepLastN").map_or(Keep::All, Keep::of)
        }
        known => *known,
    };
    let Keep::Last(count) = keep else { return Ok(made) };
    let Some(through) = entry.iteration.checked_sub(count).filter(|through| *through > 0) else {
        return Ok(made);
    };
    let gone = forget::dropped(run, entry.scope, through);
    if !gone.is_empty() {
        made.events.push(Event::IterationsDropped { task: entry.scope, through });
        made.effects.push(Effect::ForgetTasks(forgotten(run, &gone)));
    }
    Ok(made)
}

fn forgotten(run: &Run, gone: &[TaskNumber]) -> Vec<Forgotten> {
    gone.iter()
        .filter_map(|number| run.task(*number))
        .map(|task| Forgotten {
            task: task.number,
            payloads: std::iter::once(task.input).chain(task.output).collect(),
        })
        .collect()
}
