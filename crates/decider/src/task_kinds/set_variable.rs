//! SET_VARIABLE: its inputs become variables of the run, key by key (`conductor-semantics` 5.14).

use fermata_types::{Payload, TaskStatus};
use serde_json::Value;

use crate::context::Context;
use crate::event::Event;
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::closing;

pub(crate) fn perform(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let Value::Object(input) = closing::input(task, context)? else {
        return Ok(Step::of(vec![closing::completed(task.number, None, context)]));
    };
    let values: Vec<(String, Payload)> =
        input.iter().map(|(name, value)| (name.clone(), Payload::from_value(value))).collect();
    let kept = run.variables.iter().filter(|(name, _)| !input.contains_key(name));
    let size: usize =
        kept.chain(&values).map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2;
    let limit = context.fetched.payload_limits().variables;
    if size > limit {
        let reason = format!(
            "The variables payload size: {size} of workflow: {} is greater than the permissible \
             limit: {} kilobytes",
            run.id,
            limit >> 10
        );
        let status = TaskStatus::FailedWithTerminalError;
        let event = closing::closed(task.number, status, None, Some(reason), context);
        return Ok(Step::of(vec![event]));
    }
    let mut events = Vec::new();
    if !values.is_empty() {
        events.push(Event::VariablesSet { values });
    }
    events.push(closing::completed(task.number, None, context));
    Ok(Step::of(events))
}
