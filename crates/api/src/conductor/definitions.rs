//! What a definition goes through before it is stored or run: defaults filled, rules checked,
//! compiled (`conductor-rest` 8).

use fermata_decider::definition::validate::{self, Finding, Options};
use fermata_decider::definition::{self, CompileError};
use fermata_wire::conductor::ValidationError;
use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::state::App;

/// A definition written down, with its defaults filled.
pub(super) fn value_of(definition: &impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(definition).map_err(|error| ApiError::Internal(error.to_string()))
}

/// The rules a workflow definition breaks, paths below `prefix`; what cannot be compiled is a
/// broken rule too. A sub-workflow that nobody registered yet is none.
pub(super) fn broken_rules(app: &App, definition: &Value, prefix: &str) -> Vec<ValidationError> {
    let findings = with_options(app, |options| validate::validate_workflow(definition, options));
    if !findings.is_empty() {
        return shown(findings, prefix);
    }
    match definition::compile(&definition.to_string()) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let mut broken = ValidationError::from(Broken(error));
            broken.path = joined(prefix, &broken.path);
            vec![broken]
        }
    }
}

/// Calls a validator with this server's options.
pub(super) fn with_options(
    app: &App,
    validator: impl FnOnce(&Options<'_>) -> Vec<Finding>,
) -> Vec<Finding> {
    let snapshot = app.engine.metadata().snapshot();
    let in_input_template = |name: &str, key: &str| {
        let json = snapshot.tasks.get(name).map(|json| json.as_ref()).unwrap_or_default();
        let task: Value = serde_json::from_slice(json).unwrap_or_default();
        task.get("inputTemplate").and_then(|template| template.get(key)).is_some()
    };
    validator(&Options {
        owner_email: app.options.owner_email,
        name_characters: app.options.name_characters,
        in_input_template: &in_input_template,
    })
}

/// Findings as the wire has them.
pub(super) fn shown(findings: Vec<Finding>, prefix: &str) -> Vec<ValidationError> {
    let shown = findings.into_iter().map(|finding| ValidationError {
        path: joined(prefix, &finding.path),
        message: finding.message,
        invalid_value: finding.invalid_value,
    });
    shown.collect()
}

fn joined(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) if path.starts_with('[') => format!("{prefix}{path}"),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// A definition that cannot be compiled, as a broken rule.
pub(super) struct Broken(pub(super) CompileError);

impl From<Broken> for ValidationError {
    fn from(Broken(error): Broken) -> Self {
        let (path, message, value) = match error {
            CompileError::Unsupported { path, kind } => {
                let text = format!(
                    "task type {kind} is not supported by this version of Fermata"
                );
                (path, text, Some(kind))
            }
            CompileError::Invalid { path, what } => (path, what, None),
            other => (String::new(), other.to_string(), None),
        };
        Self { path, message, invalid_value: value }
    }
}
