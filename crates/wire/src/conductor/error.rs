//! Error bodies.

use serde::Serialize;
use serde_json::{Map, Value};

/// Body of every error answer (`conductor-rest` 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status once more.
    pub status: u16,
    /// Code of the error; the reference server never sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong, in words clients compare (table in 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Name of the server's host; none in bodies with validation errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// What was wrong with the request; left out when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<ValidationError>,
    /// More about the error; the reference server never sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// One broken rule of a request (`conductor-rest` 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationError {
    /// Where, as in `registerWorkflowDef.workflowDef.tasks[0].name`.
    pub path: String,
    /// Text of the rule.
    pub message: String,
    /// The offending scalar as text; none for null, lists and objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_value: Option<String>,
}
