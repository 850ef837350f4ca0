//! Rules 8 and 9: expressions in the inputs of top-level steps can be compiled and start from the
//! workflow or from a step that exists. Nested steps are not checked, as upstream.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::{Definition, Place};
use crate::expression::{Occurrence, Path, SystemParameter, occurrences};

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    let names: BTreeSet<&str> = definition
        .steps
        .iter()
        .filter_map(|step| read::text(step.map, "taskReferenceName"))
        .collect();
    for step in definition.steps.iter().filter(|step| step.place == Place::Top) {
        let input = Input { names: &names, task: step.name() };
        for (key, value) in step.inputs().into_iter().flatten() {
            input.check(key, value, report);
        }
    }
}

/// The inputs of one step.
struct Input<'a> {
    names: &'a BTreeSet<&'a str>,
    task: &'a str,
}

impl Input<'_> {
    /// Texts of a map are reported under their own key, those of a list under the list's.
    fn check(&self, key: &str, value: &Value, report: &mut Report) {
        match value {
            Value::String(text) => {
                for found in occurrences(text) {
                    self.check_expression(key, text, found, report);
                }
            }
            Value::Array(items) => {
                items.iter().for_each(|item| self.check(key, item, report));
            }
            Value::Object(map) => {
                map.iter().for_each(|(key, item)| self.check(key, item, report));
            }
            _ => {}
        }
    }

    fn check_expression(&self, key: &str, text: &str, found: Occurrence<'_>, report: &mut Report) {
        let inner = occurrences(found.path);
        if !inner.is_empty() {
            // The path is known only at run time; what it is made from is known now.
            for found in inner {
                self.check_expression(key, text, found, report);
            }
            return;
        }
        let is_text = found.path.trim().is_empty() || SystemParameter::named(found.path).is_some();
        if is_text {
            return;
        }
        let Ok(path) = Path::parse(found.path) else {
            report.add("", format!("key: {key} input parameter value: {text} is not valid"), None);
            return;
        };
        // A path from the document as a whole names no task.
        let Some(first) = path.name(0) else { return };
        if first != "workflow" && !self.names.contains(first) {
            let message = format!(
                "taskReferenceName: {first} for given task: {} input value: {key} of input \
                 parameter: {text} is not defined in workflow definition.",
                self.task
            );
            report.add("", message, None);
        }
    }
}
