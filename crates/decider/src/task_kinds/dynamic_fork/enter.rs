//! The fork is reached: its branches are fixed, whatever their number, in one event.

use fermata_types::limits;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::definition::{Kind, Step as Place};
use crate::event::{Event, Scheduled};
use crate::needs::Needs;
use crate::planned::Planned;
use crate::run::advance::Step;
use crate::run::dynamic::Plan;
use crate::run::dynamic::plan::Place as PlanPlace;
use crate::run::plan::finish;
use crate::run::state::Run;
use crate::task_kinds::closing;
use crate::task_kinds::dynamic_fork::collect::Reason;
use crate::task_kinds::dynamic_fork::elements::Fork;
use crate::task_kinds::dynamic_fork::forms;

/// Makes the FORK task, which ends at once, with its branches; the stored input of the task is the
/// list of theirs.
pub(crate) fn enter(
    run: &Run,
    mut scheduled: Scheduled,
    step: &Place,
    context: Context<'_>,
) -> Result<Step, Needs> {
    let Kind::DynamicFork { join, .. } = &step.kind else { return Err(Needs::default()) };
    if join.is_none() {
        let reason = "Dynamic join definition is not followed by a join task.  Check the workflow \
                      definition.";
        return finish::failed(run, reason.to_owned(), None, context);
    }
    let number = scheduled.number;
    match planned(run, &scheduled, step, context) {
        Ok((planned, input)) => {
            scheduled.input = input;
            Ok(Step::of(vec![
                Event::TaskScheduled(Box::new(scheduled)),
                Event::BranchesPlanned(Box::new(planned)),
                closing::completed(number, None, context),
            ]))
        }
        Err(reason) => finish::failed(run, reason, None, context),
    }
}

fn planned(
    run: &Run,
    scheduled: &Scheduled,
    step: &Place,
    context: Context<'_>,
) -> Result<(Planned, fermata_types::Payload), Reason> {
    let input = match scheduled.input.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let reference = run.reference_of_step(scheduled.step).into_owned();
    let is_later = !run.dynamic.forks().is_empty();
    let fork = Fork { step, reference, is_later };
    let branches = forms::branches(&fork, &step.kind, &input)?;
    let resolve = |step: &mut Value| context.fetched.resolve_task(step);
    let (planned, input) = branches.finish(scheduled.number, &resolve)?;
    fits(run, scheduled, &planned, &fork)?;
    Ok((planned, input))
}

/// References have to be new, and the run has to have room for so many tasks.
fn fits(
    run: &Run,
    scheduled: &Scheduled,
    planned: &Planned,
    fork: &Fork<'_>,
) -> Result<(), Reason> {
    let base = run.dynamic.next_id(run.definition.steps.len());
    let place = PlanPlace { base, fork: scheduled.step, enclosing_loop: None };
    let plan = Plan::of(planned, place, &mut std::collections::BTreeMap::new());
    let steps = u64::from(base.0) + u64::from(plan.width());
    if steps > u64::from(limits::TASKS_PER_RUN) {
        return Err(format!("a run is limited to {} tasks", limits::TASKS_PER_RUN));
    }
    let (scope, iteration) = (scheduled.scope, scheduled.iteration);
    let is_taken = |name: &str| {
        // A name of the definition is taken even if its task was not made: which of the two an
        // expression means could not be told.
        run.definition.references.contains_key(name)
            || run.dynamic.find_in(name, scope, iteration).is_some()
    };
    let duplicate = plan.duplicate().map(std::borrow::Cow::into_owned).or_else(|| {
        let mut names = (0..plan.count()).map(|branch| plan.name(branch));
        names.find(|name| is_taken(name)).map(std::borrow::Cow::into_owned)
    });
    match duplicate {
        Some(name) => Err(format!(
            "No dynamic tasks could be created for the Workflow: {}, Dynamic Fork Task: {},  \
             attempted to create a duplicate task reference name: {name}",
            run.id, fork.reference
        )),
        None => Ok(()),
    }
}
