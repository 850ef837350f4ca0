//! FORK_JOIN: completes at once; its branches and the JOIN come next
//! (`conductor-semantics` 5.3).

use crate::context::Context;
use crate::definition::StepId;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::closing;

pub(crate) fn perform(
    run: &Run,
    task: &Task,
    join: Option<StepId>,
    context: Context<'_>,
) -> Result<Step, Needs> {
    if join.is_none() {
        let reason = "Fork task definition is not followed by a join task.  Check the blueprint";
        return finish::failed(run, reason.to_owned(), Some(task.number), context);
    }
    Ok(Step::of(vec![closing::completed(task.number, None, context)]))
}
