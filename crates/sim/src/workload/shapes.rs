//! The shapes that definitions of the workload are made of.

use bytes::Bytes;
use fermata_storage::{DefinitionKey, DefinitionRow};
use fermata_types::Timestamp;
use serde_json::{Value, json};

use crate::invariants::inputs_resolve::FROM;

/// A task definition: it cannot fail for good unless `more` says so.
pub(super) fn task(name: &str, more: &Value) -> DefinitionRow {
    let mut json = json!({
        "name": name, "retryCount": 1000, "retryDelaySeconds": 0, "responseTimeoutSeconds": 5,
        "timeoutSeconds": 0, "timeoutPolicy": "RETRY"
    });
    if let (Some(json), Some(more)) = (json.as_object_mut(), more.as_object()) {
        json.extend(more.clone());
    }
    row(DefinitionKey::Task { name: name.to_owned() }, &json)
}

/// A row of a definition.
fn row(key: DefinitionKey, json: &Value) -> DefinitionRow {
    DefinitionRow { key, json: Bytes::from(json.to_string()), changed: Timestamp::ZERO }
}

/// A workflow definition of these tasks.
pub(super) fn workflow(name: &str, tasks: &Value, more: &Value) -> DefinitionRow {
    let mut json = json!({ "name": name, "version": 1, "schemaVersion": 2, "tasks": tasks });
    if let (Some(json), Some(more)) = (json.as_object_mut(), more.as_object()) {
        json.extend(more.clone());
    }
    row(DefinitionKey::Workflow { name: name.to_owned(), version: 1 }, &json)
}

/// An event handler that starts a workflow.
pub(super) fn handler(name: &str, event: &str, starts: &str) -> DefinitionRow {
    let action = json!({ "action": "start_workflow", "start_workflow": { "name": starts } });
    let json = json!({ "name": name, "event": event, "active": true, "actions": [action] });
    row(DefinitionKey::Handler { name: name.to_owned() }, &json)
}

/// A worker's task; what it takes from another names it.
pub(super) fn simple(name: &str, reference: &str, from: Option<&str>) -> Value {
    let mut input = json!({ "n": "${workflow.input.n}" });
    if let (Some(from), Some(map)) = (from, input.as_object_mut()) {
        map.insert(FROM.to_owned(), Value::from(format!("${{{from}.output.tag}}")));
    }
    json!({
        "name": name, "taskReferenceName": reference, "type": "SIMPLE", "inputParameters": input
    })
}

/// A script that no shortcut evaluates: its result is a map.
pub(super) fn inline(reference: &str, number: &str) -> Value {
    json!({
        "name": "inline", "taskReferenceName": reference, "type": "INLINE",
        "inputParameters": {
            "evaluatorType": "javascript", "n": number,
            "expression": "(function () { return { tag: 't' + $.n, twice: 2 * $.n }; })()"
        }
    })
}

/// A script that fails for good.
pub(super) fn throwing(reference: &str) -> Value {
    json!({
        "name": "inline", "taskReferenceName": reference, "type": "INLINE",
        "inputParameters": {
            "evaluatorType": "javascript", "expression": "(function () { throw 'no'; })()"
        }
    })
}

/// A sub-workflow.
pub(super) fn sub(reference: &str, name: &str) -> Value {
    json!({
        "name": "sub", "taskReferenceName": reference, "type": "SUB_WORKFLOW",
        "inputParameters": { "n": "${workflow.input.n}" },
        "subWorkflowParam": { "name": name, "version": 1 }
    })
}

/// A JOIN.
pub(super) fn join(reference: &str, on: &[&str]) -> Value {
    json!({ "name": "join", "taskReferenceName": reference, "type": "JOIN", "joinOn": on })
}

/// A SET_VARIABLE.
pub(super) fn set(reference: &str, values: &Value) -> Value {
    json!({
        "name": "set", "taskReferenceName": reference, "type": "SET_VARIABLE",
        "inputParameters": values
    })
}

/// The task with a flag set.
pub(super) fn optional(mut task: Value, flag: &str) -> Value {
    if let Some(map) = task.as_object_mut() {
        map.insert(flag.to_owned(), Value::Bool(true));
    }
    task
}
