//! The three ways to describe the branches of a dynamic fork, tried in the contract's order.

use serde_json::{Map, Value};

use crate::definition::Kind;
use crate::task_kinds::dynamic_fork::collect::{Branches, Reason, is_long};
use crate::task_kinds::dynamic_fork::elements::{self, Fork};

/// The branches that a fork's resolved inputs describe.
pub(super) fn branches(
    fork: &Fork<'_>,
    kind: &Kind,
    input: &Map<String, Value>,
) -> Result<Branches, Reason> {
    let Kind::DynamicFork { tasks, inputs, join_tasks, .. } = kind else {
        return Ok(Branches::listed());
    };
    if let Some(list) = input.get("forkTaskInputs").filter(|list| !list.is_null()) {
        return elements::branches(fork, input, list);
    }
    let value = |name: &Option<String>| {
        let name = name.as_deref().unwrap_or("");
        (name.to_owned(), input.get(name).unwrap_or(&Value::Null).clone())
    };
    if tasks.is_some() {
        return tasks_and_inputs(value(tasks), value(inputs).1);
    }
    let (name, list) = value(join_tasks);
    dynamic_tasks(&name, &list, input)
}

/// A list of tasks and a map of their inputs.
fn tasks_and_inputs((name, tasks): (String, Value), inputs: Value) -> Result<Branches, Reason> {
    let invalid = || {
        let shown = short(&tasks);
        format!(
            "Input '{name}' is invalid. Cannot deserialize a list of Workflow Tasks from '{shown}'"
        )
    };
    let Value::Array(list) = &tasks else { return Err(invalid()) };
    let Value::Object(mut inputs) = inputs else {
        return Err(format!(
            "Input to the dynamically forked tasks is not a map -> expecting a map of K,V  but \
             found {}",
            short(&inputs)
        ));
    };
    let mut branches = Branches::listed();
    for task in list {
        let Value::Object(task) = task else { return Err(invalid()) };
        let reference = task.get("taskReferenceName").and_then(Value::as_str);
        let reference = reference.filter(|it| !it.is_empty() && !is_long(it));
        let reference = reference.ok_or_else(invalid)?.to_owned();
        let mut step = task.clone();
        step.remove("taskReferenceName");
        let own = step.remove("inputParameters");
        if step.get("type").is_none_or(Value::is_null) {
            step.insert("type".to_owned(), Value::from("SIMPLE"));
        }
        let given = inputs.remove(&reference);
        let kind = branches.step(step);
        branches.add(Some(&reference), kind, &merged(own, given))?;
    }
    Ok(branches)
}

/// The input given for a task over the task's own.
fn merged(own: Option<Value>, given: Option<Value>) -> Value {
    let mut merged = match own {
        Some(Value::Object(own)) => own,
        _ => Map::new(),
    };
    if let Some(Value::Object(given)) = given {
        merged.extend(given);
    }
    Value::Object(merged)
}

/// `{dynamicTasks: [{taskName, workflowName, referenceName, input, type}]}`.
fn dynamic_tasks(
    name: &str,
    given: &Value,
    input: &Map<String, Value>,
) -> Result<Branches, Reason> {
    let none = || {
        let input = short(&Value::Object(input.clone()));
        format!(
            "Dynamic tasks could not be created. The value of {name} from task's input {input} has \
             no dynamic tasks to be scheduled"
        )
    };
    let list = given.get("dynamicTasks").and_then(Value::as_array).ok_or_else(none)?;
    let mut branches = Branches::listed();
    for task in list {
        let text =
            |field: &str| task.get(field).and_then(Value::as_str).filter(|it| !it.is_empty());
        let reference = text("referenceName").filter(|it| !is_long(it)).ok_or_else(none)?;
        let name = text("taskName").or_else(|| text("workflowName")).unwrap_or("");
        let mut step = Map::new();
        step.insert("name".to_owned(), Value::from(name));
        step.insert("type".to_owned(), Value::from(text("type").unwrap_or("SIMPLE")));
        if let Some(workflow) = text("workflowName") {
            step.insert("subWorkflowParam".to_owned(), serde_json::json!({ "name": workflow }));
        }
        let kind = branches.step(step);
        branches.add(Some(reference), kind, &merged(task.get("input").cloned(), None))?;
    }
    Ok(branches)
}

/// Characters of a value that a reason repeats.
const SHOWN_MAX: usize = 200;

/// A value as a reason shows it.
pub(crate) fn short(value: &Value) -> String {
    let text = match value {
        Value::Array(list) if list.len() > SHOWN_MAX => {
            Value::from(list.get(..SHOWN_MAX).unwrap_or_default()).to_string()
        }
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}
