//! Fields with a fixed set of values.

use serde_json::{Map, Value};

use super::fields::join;
use super::finding::Report;

/// Fields and their values, sorted by name.
pub(super) type Choices = &'static [(&'static str, &'static [&'static str])];

/// Of a workflow definition.
pub(super) const WORKFLOW: Choices = &[("timeoutPolicy", &["TIME_OUT_WF", "ALERT_ONLY"])];

/// Of a step.
pub(super) const STEP: Choices = &[("joinMode", &["SYNC", "ASYNC"])];

/// Of a task definition.
pub(super) const TASK: Choices = &[
    ("retryLogic", &["FIXED", "EXPONENTIAL_BACKOFF", "LINEAR_BACKOFF"]),
    ("timeoutPolicy", &["RETRY", "TIME_OUT_WF", "ALERT_ONLY"]),
];

/// Adds a finding for each text that is not among the values of its field.
pub(super) fn check(map: &Map<String, Value>, prefix: &str, choices: Choices, report: &mut Report) {
    for (field, values) in choices {
        let Some(value) = map.get(*field) else { continue };
        if value.as_str().is_some_and(|text| !values.contains(&text)) {
            let message = format!("{field} must be one of {}", values.join(", "));
            report.add(join(prefix, field), message, Some(value));
        }
    }
}
