//! JSON_JQ_TRANSFORM: a jq query over all its inputs, the query among them
//! (`conductor-semantics` 5.21).

use fermata_types::{Payload, TaskStatus};
use serde_json::{Value, json};

use crate::context::Context;
use crate::event::Event;
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, script_task};

pub(crate) fn perform(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let fail = |what| closing::failed(task.number, TaskStatus::Failed, what, context);
    let query = input.get("queryExpression").filter(|query| !query.is_null());
    let event: Event = match query {
        None => fail("Missing 'queryExpression' in input parameters".to_owned()),
        Some(Value::String(query)) => {
            let place = (task.number, run.step_of(task).id);
            match script_task::query(place, query, &input, context)? {
                Evaluated::Value(results) => {
                    let results = results.to_value();
                    let first = results.get(0).cloned().unwrap_or(Value::Null);
                    let output = json!({ "result": first, "resultList": results });
                    closing::completed(task.number, Some(Payload::from_value(&output)), context)
                }
                Evaluated::Failed(message) | Evaluated::TimedOut(message) => fail(message),
            }
        }
        Some(_) => fail("'queryExpression' is not a string".to_owned()),
    };
    Ok(Step::of(vec![event]))
}
