//! INLINE: a script over its inputs (`conductor-semantics` 5.19).

use fermata_types::{Payload, TaskStatus};
use serde_json::{Value, json};

use crate::context::Context;
use crate::definition::Evaluator;
use crate::event::Event;
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, script_task};

pub(crate) fn perform(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let text = |field: &str| input.get(field).and_then(Value::as_str);
    let terminal = TaskStatus::FailedWithTerminalError;
    let refuse = |what: String| closing::failed(task.number, terminal, what, context);
    let expression = text("expression").filter(|text| !text.trim().is_empty());
    let evaluator = Evaluator::named(text("evaluatorType").unwrap_or("javascript"));
    let Some(expression) = expression else {
        let what = "Empty 'expression' in INLINE task's input parameters. A non-empty String \
                    value must be provided.";
        return Ok(Step::of(vec![refuse(what.to_owned())]));
    };
    let event: Event = match evaluator {
        Evaluator::ValueParam => {
            let value = input.get(expression).cloned().unwrap_or(Value::Null);
            result(task, &value, context)
        }
        Evaluator::Unknown(name) => refuse(format!("Unknown evaluator '{name}' in INLINE task.")),
        Evaluator::JavaScript => {
            let place = (task.number, run.step_of(task).id);
            match script_task::evaluate(place, expression, &input, context)? {
                Evaluated::Value(value) => result(task, &value.to_value(), context),
                Evaluated::Failed(message) => refuse(message),
                Evaluated::TimedOut(message) => {
                    closing::failed(task.number, TaskStatus::Failed, message, context)
                }
            }
        }
    };
    Ok(Step::of(vec![event]))
}

fn result(task: &Task, value: &Value, context: Context<'_>) -> Event {
    let output = Payload::from_value(&json!({ "result": value }));
    closing::completed(task.number, Some(output), context)
}
