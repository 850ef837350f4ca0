//! A leased task has its input, and what it takes from its predecessor is what that one gave: no
//! decision reads a payload that is not there as null.

use fermata_types::{Payload, TaskId};
use serde_json::Value;

use crate::violation::{Checked, expect};

/// The key under which the workload's tasks take their predecessor's tag.
pub(crate) const FROM: &str = "from";

/// The input as the worker gets it; none when its rows are missing.
pub(crate) fn check(task: TaskId, input: Option<&Payload>) -> Checked {
    let name = "inputs_resolve";
    let Some(input) = input else {
        return expect(false, name, || format!("task {task} has no input"));
    };
    let value = input.to_value();
    let is_given = value.get(FROM).is_none_or(Value::is_string);
    expect(value.is_object() && is_given, name, || format!("task {task} has the input {input:?}"))
}
