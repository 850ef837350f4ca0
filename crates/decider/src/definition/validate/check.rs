//! Goes through the rules.

use serde_json::{Map, Value};

use super::finding::{Finding, Report};
use super::limits::{DEFINITION_BYTES_MAX, is_too_big};
use super::options::Options;
use super::table::{STEP_RULES, TASK_RULES, TYPE_RULES, WORKFLOW_RULES};
use super::tree::{self, Definition, Place};
use super::{enums, fields};

/// Validates a workflow definition as it came in. Empty means accepted. Findings about the
/// definition come first, then those of each step in the order of the text; the same definition
/// always has the same findings. The cost is proportional to the definition.
#[must_use]
pub fn validate_workflow(definition: &Value, options: &Options<'_>) -> Vec<Finding> {
    let mut report = Report::default();
    let Some(map) = checked_map(definition, "", &mut report) else {
        return report.into_findings();
    };
    let steps = tree::collect(map, options, &mut report);
    if !report.is_empty() {
        return report.into_findings();
    }
    fields::check(map, "", fields::WORKFLOW, &mut report);
    enums::check(map, "", enums::WORKFLOW, &mut report);
    let definition = Definition { map, steps, options };
    for (_, rule) in WORKFLOW_RULES {
        rule(&definition, &mut report);
    }
    for step in &definition.steps {
        fields::check(step.map, &step.path, fields::STEP, &mut report);
        enums::check(step.map, &step.path, enums::STEP, &mut report);
        for (_, rule) in STEP_RULES {
            rule(step, &mut report);
        }
        if step.place == Place::Loop {
            continue;
        }
        for (_, rule) in TYPE_RULES.iter().filter(|(kind, _)| *kind == step.kind()) {
            rule(step, &mut report);
        }
    }
    report.into_findings()
}

/// Validates a task definition as it came in. Empty means accepted.
#[must_use]
pub fn validate_task(definition: &Value, options: &Options<'_>) -> Vec<Finding> {
    let mut report = Report::default();
    check_task(definition, "", options, &mut report);
    report.into_findings()
}

/// Validates a list of task definitions; paths start with `[0]`. An empty list is a finding.
#[must_use]
pub fn validate_tasks(definitions: &Value, options: &Options<'_>) -> Vec<Finding> {
    let mut report = Report::default();
    match definitions {
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                check_task(item, &format!("[{index}]"), options, &mut report);
            }
        }
        Value::Array(_) | Value::Null => report.add("", "TaskDefList is empty", None),
        other => report.add("", "task definitions must be a list", Some(other)),
    }
    report.into_findings()
}

fn check_task(definition: &Value, path: &str, options: &Options<'_>, report: &mut Report) {
    let Some(map) = checked_map(definition, path, report) else { return };
    fields::check(map, path, fields::TASK, report);
    enums::check(map, path, enums::TASK, report);
    let task = super::task::Task { map, path, options };
    for (_, rule) in TASK_RULES {
        rule(&task, report);
    }
}

/// The definition as a map, unless it is none or too big to go on with.
fn checked_map<'v>(
    definition: &'v Value,
    path: &str,
    report: &mut Report,
) -> Option<&'v Map<String, Value>> {
    let Value::Object(map) = definition else {
        report.add(path, "a definition must be an object", Some(definition));
        return None;
    };
    if is_too_big(definition) {
        let message = format!("the definition is larger than {DEFINITION_BYTES_MAX} bytes");
        report.add(path, message, None);
        return None;
    }
    Some(map)
}
