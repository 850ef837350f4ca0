//! The tasks of the branches: one a step, so that a turn holds as many as fit.

use fermata_types::TaskNumber;

use crate::context::Context;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::next::{self, Entry};
use crate::run::state::Run;

/// Makes the next branch's task.
pub(crate) fn next_branch(
    run: &Run,
    fork: TaskNumber,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let Some(forked) = run.dynamic.of_task(fork) else { return Err(Needs::default()) };
    let entry = Entry {
        step: forked.branch(forked.made),
        iteration: forked.iteration,
        scope: forked.scope,
        retry_count: next::loop_retries(run, forked.scope),
        replaces: TaskNumber(0),
    };
    next::enter(run, entry, context)
}
