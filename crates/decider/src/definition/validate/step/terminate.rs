//! TERMINATE is not optional and says how the run ends. An expression is not accepted (quirk 47).

use serde_json::Value;

use crate::definition::validate::finding::Report;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if step.map.get("optional") == Some(&Value::Bool(true)) {
        let message = format!("terminate task cannot be optional, taskName: {}", step.name());
        report.add(step.path.clone(), message, None);
    }
    let status = step.inputs().and_then(|inputs| inputs.get("terminationStatus"));
    let status = status.and_then(Value::as_str);
    if !matches!(status, Some("COMPLETED" | "FAILED" | "TERMINATED")) {
        let message = format!(
            "terminate task must have an terminationStatus parameter and must be set to \
             COMPLETED or FAILED, taskName: {}",
            step.name()
        );
        report.add(step.path.clone(), message, None);
    }
}
