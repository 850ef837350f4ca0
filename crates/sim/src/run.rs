//! One seed, one world.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fermata_evaluators::Scripts;

use crate::mutants::Bug;
use crate::trace::Trace;
use crate::violation::Violation;
use crate::world::World;

/// Steps of a world before it calms down, unless told otherwise.
pub const STEPS: u64 = 1500;

/// How a world is run.
#[derive(Clone)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// Steps before the world calms down.
    pub steps: u64,
    /// Whether the trace is kept.
    pub is_traced: bool,
    /// The deliberate bug of this world, if it has one.
    pub bug: Option<Bug>,
    /// The engine of scripts: one serves all worlds.
    pub evaluator: Arc<Scripts>,
}

impl Options {
    /// A seed with the usual number of steps.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, steps: STEPS, is_traced: false, bug: None, evaluator: Arc::default() }
    }
}

/// What came of a world.
#[derive(Debug)]
pub struct Report {
    /// Steps made.
    pub steps: u64,
    /// Lives of the server.
    pub lives: u64,
    /// Runs that were there at the end, or had been deleted.
    pub runs: usize,
    /// How many things of each kind happened, durably: events by their name, and how runs ended.
    pub happened: BTreeMap<String, u64>,
    /// The invariant that did not hold, if one did not.
    pub violation: Option<Violation>,
    /// The trace, if it was kept.
    pub trace: String,
}

/// Runs the world of a seed to its end, or to the first invariant that does not hold. A panic
/// counts as one.
#[must_use]
pub fn run(options: &Options) -> Report {
    let trace = Trace::new(options.is_traced);
    let mut world = match World::new(options, trace) {
        Ok(world) => world,
        Err(violation) => {
            let (trace, violation) = (String::new(), Some(violation));
            let happened = BTreeMap::new();
            return Report { steps: 0, lives: 0, runs: 0, happened, violation, trace };
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| live(&mut world, options.steps)));
    let violation = match outcome {
        Ok(outcome) => outcome.err(),
        Err(panic) => Some(Violation { invariant: "no_panic", what: message(&*panic) }),
    };
    Report {
        steps: world.step,
        lives: world.lives,
        runs: world.shadow.runs.len() + world.shadow.deleted.len(),
        happened: std::mem::take(&mut world.shadow.happened),
        violation,
        trace: world.trace.text().to_owned(),
    }
}

fn live(world: &mut World, steps: u64) -> Result<(), Violation> {
    while world.step < steps && world.make_step()? {}
    world.calm()
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
