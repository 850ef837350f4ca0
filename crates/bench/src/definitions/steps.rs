//! The forms of steps that several workflows use.

use serde_json::{Value, json};

/// A workflow, version 1.
pub(super) fn workflow(name: &str, steps: Vec<Value>) -> Value {
    json!({
        "name": name, "version": 1, "schemaVersion": 2,
        "ownerEmail": "bench@example.com", "timeoutSeconds": 0, "tasks": steps,
    })
}

/// A worker task.
pub(super) fn task(task_type: &str, reference: &str) -> Value {
    json!({
        "name": task_type, "taskReferenceName": reference, "type": "SIMPLE",
        "inputParameters": {},
    })
}

/// A step that the server does alone.
pub(super) fn step(kind: &str, reference: &str, input: Value) -> Value {
    json!({
        "name": reference, "taskReferenceName": reference, "type": kind,
        "inputParameters": input,
    })
}

/// A step with fields of its own beside the usual ones.
pub(super) fn step_with(kind: &str, reference: &str, input: Value, fields: Value) -> Value {
    let mut step = step(kind, reference, input);
    if let (Some(step), Value::Object(fields)) = (step.as_object_mut(), fields) {
        step.extend(fields);
    }
    step
}
