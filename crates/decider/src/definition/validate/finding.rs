//! What validation has to say.

use serde_json::Value;

use super::limits::FINDINGS_MAX;

/// One thing wrong with a definition: an element of `validationErrors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, from the root of the definition: `tasks[0].name`. Empty for the definition itself.
    pub path: String,
    /// What, in the reference server's words where it has some.
    pub message: String,
    /// The value found there, if there is one and it is neither a list nor a map.
    pub invalid_value: Option<String>,
}

/// Findings so far; those over [`FINDINGS_MAX`] are dropped.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding about a value, or about its absence.
    pub(super) fn add(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        value: Option<&Value>,
    ) {
        if self.findings.len() >= FINDINGS_MAX {
            return;
        }
        let invalid_value = match value {
            None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(scalar) => Some(scalar.to_string()),
        };
        self.findings.push(Finding { path: path.into(), message: message.into(), invalid_value });
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
