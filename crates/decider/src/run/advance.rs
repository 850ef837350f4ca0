//! One step at a time, until the run is quiet.

use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::needs::Needs;
use crate::run::plan::next;
use crate::run::state::Run;
use crate::run::weigh;
use crate::task_kinds::pull_messages;

use fermata_types::RunStatus;

/// The events and effects of one step; the events are applied before the next step is asked for.
#[derive(Debug, Default)]
pub struct Step {
    /// What happened. Never empty.
    pub events: Vec<Event>,
    /// What must follow.
    pub effects: Vec<Effect>,
}

impl Step {
    /// Only these events.
    #[must_use]
    pub fn of(events: Vec<Event>) -> Self {
        Self { events, effects: Vec::new() }
    }
}

/// What came of asking for the next step.
#[derive(Debug)]
pub enum Advanced {
    /// One step was made.
    Step(Step),
    /// Nothing can go on before this is fetched.
    Needs(Needs),
    /// Nothing is left to do.
    Quiet,
}

/// Makes the next step. Cannot reject. An agenda item that lacks something does not hold up those
/// behind it.
#[must_use]
pub fn advance(run: &Run, context: Context<'_>) -> Advanced {
    if run.status != RunStatus::Running || !run.has_started() {
        return Advanced::Quiet;
    }
    let mut lacking = Needs::default();
    if run.finishes() {
        return match next::finish(run, context) {
            Ok(step) => made(run, step, context),
            Err(needs) => Advanced::Needs(needs),
        };
    }
    for item in &run.agenda {
        match next::take(run, *item, context) {
            Ok(step) => return made(run, step, context),
            Err(needs) => lacking.add(needs),
        }
    }
    if !run.pulls.is_empty() && run.lane.pending() > 0 {
        match pull_messages::pull(run, context) {
            Ok(step) => return made(run, step, context),
            Err(needs) => lacking.add(needs),
        }
    }
    if lacking.is_empty() { Advanced::Quiet } else { Advanced::Needs(lacking) }
}

fn made(run: &Run, mut step: Step, context: Context<'_>) -> Advanced {
    step.events = weigh::events(run, step.events, &mut step.effects, context);
    Advanced::Step(step)
}
