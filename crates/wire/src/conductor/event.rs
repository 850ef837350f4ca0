//! Event handlers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lenient;

/// What follows an event (`conductor-rest` 3.15). Its rules are checked by whoever stores it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventHandler {
    /// Name; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The event, `type:name`; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub event: String,
    /// What has to hold.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub condition: Option<String>,
    /// What is done: each has `action`, `expandInlineJSON` and the details under the action's name.
    #[serde(deserialize_with = "lenient::or_default")]
    pub actions: Vec<Value>,
    /// Whether it acts.
    #[serde(deserialize_with = "lenient::boolean")]
    pub active: bool,
    /// How the condition is read.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub evaluator_type: Option<String>,
}
