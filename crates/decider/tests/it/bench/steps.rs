//! Steps of definitions, as short as scenarios want them.

use serde_json::{Value, json};

/// A step of that type, named as its reference.
pub fn step(kind: &str, reference: &str) -> Value {
    json!({ "name": reference, "taskReferenceName": reference, "type": kind })
}

/// A step of that type with these inputs.
pub fn step_with(kind: &str, reference: &str, input: Value) -> Value {
    with(step(kind, reference), json!({ "inputParameters": input }))
}

/// A worker's task.
pub fn simple(reference: &str) -> Value {
    step("SIMPLE", reference)
}

/// A worker's task that fails for good the first time.
pub fn once(reference: &str) -> Value {
    with(simple(reference), json!({ "retryCount": 0 }))
}

/// A step with more fields.
pub fn with(mut step: Value, more: Value) -> Value {
    let fields = step.as_object_mut().expect("a step is an object");
    fields.extend(more.as_object().expect("fields are an object").clone());
    step
}

/// Branches side by side. The JOIN comes apart.
pub fn fork(reference: &str, branches: Value) -> Value {
    with(step("FORK_JOIN", reference), json!({ "forkTasks": branches }))
}

/// Waits for these references.
pub fn join(reference: &str, on: &[&str]) -> Value {
    with(step("JOIN", reference), json!({ "joinOn": on }))
}

/// Repeats its body while the condition holds.
pub fn repeat(reference: &str, condition: &str, body: Value) -> Value {
    with(step("DO_WHILE", reference), json!({ "loopCondition": condition, "loopOver": body }))
}

/// Chooses by the input `on`, which is this expression.
pub fn switch(reference: &str, on: &str, cases: Value, default: Value) -> Value {
    let more = json!({
        "evaluatorType": "value-param", "expression": "on",
        "inputParameters": { "on": on },
        "decisionCases": cases, "defaultCase": default,
    });
    with(step("SWITCH", reference), more)
}

/// Sets these variables.
pub fn set(reference: &str, values: Value) -> Value {
    step_with("SET_VARIABLE", reference, values)
}

/// Gives the value of this expression as its result.
pub fn inline(reference: &str, value: &str) -> Value {
    let input = json!({ "evaluatorType": "value-param", "expression": "x", "x": value });
    step_with("INLINE", reference, input)
}

/// Ends the run.
pub fn terminate(reference: &str, status: &str) -> Value {
    step_with("TERMINATE", reference, json!({ "terminationStatus": status }))
}

/// Runs another workflow.
pub fn sub_workflow(reference: &str, name: &str) -> Value {
    with(step("SUB_WORKFLOW", reference), json!({ "subWorkflowParam": { "name": name } }))
}

/// Repeats its body for each of these.
pub fn for_each(reference: &str, items: &str, body: Value) -> Value {
    with(step("DO_WHILE", reference), json!({ "items": items, "loopOver": body }))
}

/// A loop that keeps only so many of its iterations.
pub fn keep_last(loop_step: Value, count: impl Into<Value>) -> Value {
    with(loop_step, json!({ "inputParameters": { "keepLastN": count.into() } }))
}
