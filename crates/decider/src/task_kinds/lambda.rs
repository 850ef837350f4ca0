//! LAMBDA: the older form of INLINE, whose script is the body of a function
//! (`conductor-semantics` 5.20).

use fermata_types::{Payload, TaskStatus};
use serde_json::{Value, json};

use crate::context::Context;
use crate::needs::{Evaluated, Needs};
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::run::task::Task;
use crate::task_kinds::{closing, script_task};

pub(crate) fn perform(run: &Run, task: &Task, context: Context<'_>) -> Result<Step, Needs> {
    let input = closing::input(task, context)?;
    let body = input.get("scriptExpression").and_then(Value::as_str);
    let Some(body) = body.filter(|body| !body.trim().is_empty()) else {
        let what = "Empty 'scriptExpression' in Lambda task's input parameters. A non-empty \
                    String value must be provided.";
        let failed = closing::failed(task.number, TaskStatus::Failed, what.to_owned(), context);
        return Ok(Step::of(vec![failed]));
    };
    // A comment at the end of the body must not swallow the call.
    let source = format!("function scriptFun(){{{body}\n}} scriptFun();");
    let place = (task.number, run.step_of(task).id);
    let event = match script_task::evaluate(place, &source, &input, context)? {
        Evaluated::Value(value) => {
            let output = Payload::from_value(&json!({ "result": value.to_value() }));
            closing::completed(task.number, Some(output), context)
        }
        Evaluated::Failed(message) | Evaluated::TimedOut(message) => {
            closing::failed(task.number, TaskStatus::Failed, message, context)
        }
    };
    Ok(Step::of(vec![event]))
}
