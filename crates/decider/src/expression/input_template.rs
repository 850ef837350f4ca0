//! Input templates of task definitions (`conductor-semantics` 7.4).

use serde_json::{Map, Value};

/// Adds the template's keys that `parameters` lacks. Done before resolving, so that expressions
/// in the template are resolved too; also for the start input of a workflow, there verbatim.
pub fn add_missing_keys(parameters: &mut Map<String, Value>, template: &Map<String, Value>) {
    for (key, value) in template {
        if !parameters.contains_key(key) {
            parameters.insert(key.clone(), value.clone());
        }
    }
}

/// Gives each key that resolved to null the template's value as written, unresolved.
pub fn fill_nulls(resolved: &mut Map<String, Value>, template: &Map<String, Value>) {
    for (key, value) in resolved.iter_mut() {
        if let (Value::Null, Some(written)) = (&*value, template.get(key)) {
            *value = written.clone();
        }
    }
}
