//! Secrets, put into an input for the call only (`conductor-semantics` 7.5).

use std::collections::BTreeMap;
use std::fmt;

use fermata_decider::expression::{fill_secrets, has_secrets};
use serde_json::Value;

/// Names and values of secrets. Values are shown to nobody.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// These secrets.
    #[must_use]
    pub const fn new(secrets: BTreeMap<String, String>) -> Self {
        Self(secrets)
    }

    /// The input with its secrets; what is stored keeps their names.
    #[must_use]
    pub fn fill(&self, input: &Value) -> Value {
        if has_secrets(input) {
            fill_secrets(input, &|name| self.0.get(name).cloned())
        } else {
            input.clone()
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
