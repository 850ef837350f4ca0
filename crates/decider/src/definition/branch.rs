//! A task made from data: one step, or a container with its contents, behind the steps of its
//! run's definition.

use serde_json::{Map, Value};

use crate::definition::build::Builder;
use crate::definition::compile::{CompileError, link};
use crate::definition::model::{After, Step, StepId};

/// Compiles one task without `taskReferenceName` and `inputParameters`: its own step first, then
/// its contents, numbered from `base`. The reference of the first one is empty.
///
/// # Errors
/// [`CompileError`]: an unsupported type, or contents that are none.
pub fn compile_branch(
    task: &Map<String, Value>,
    base: StepId,
    enclosing_loop: Option<StepId>,
) -> Result<Vec<Step>, CompileError> {
    let json = Value::Object(task.clone()).to_string();
    let mut named = task.clone();
    named.insert("taskReferenceName".to_owned(), Value::from(""));
    let mut builder = Builder::at(String::new(), base);
    let list = Value::Array(vec![Value::Object(named)]);
    builder.sequence(&list, After::BranchEnd, enclosing_loop, "task")?;
    let mut steps = builder.into_steps();
    link(&mut steps, base);
    if let Some(first) = steps.first_mut() {
        first.json = json.into();
    }
    Ok(steps)
}
