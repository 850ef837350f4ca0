//! What a definition goes through before it is stored or run: defaults filled, rules checked,
//! compiled (`conductor-rest` 8).

use fermata_decider::definition::validate::{self, Finding, Options};
use fermata_decider::definition::{self, CompileError, Evaluator, Kind, Workflow};
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
/// broken rule too, and so is JavaScript that does not parse. A sub-workflow that nobody registered
/// yet is none.
pub(super) async fn broken_rules(
    app: &App,
    definition: &Value,
    prefix: &str,
) -> Vec<ValidationError> {
    let findings = with_options(app, |options| validate::validate_workflow(definition, options));
    if !findings.is_empty() {
        return shown(findings, prefix);
    }
    match definition::compile(&definition.to_string()) {
        Ok(compiled) => match long_names(&compiled, prefix) {
            long if long.is_empty() => bad_scripts(app, &compiled, prefix).await,
            long => long,
        },
        Err(error) => {
            let mut broken = ValidationError::from(Broken(error));
            broken.path = joined(prefix, &broken.path);
            vec![broken]
        }
    }
}

/// Broken expressions of SWITCH steps (`conductor-semantics` 8.2); steps inside a loop are left to
/// their first evaluation, as upstream does.
async fn bad_scripts(app: &App, compiled: &Workflow, prefix: &str) -> Vec<ValidationError> {
    let mut broken = Vec::new();
    for step in compiled.steps.iter().filter(|step| step.enclosing_loop.is_none()) {
        let Kind::Switch { evaluator: Evaluator::JavaScript, expression, .. } = &step.kind else {
            continue;
        };
        if let Some(fault) = app.engine.script_fault(expression).await {
            let name = &step.name;
            broken.push(ValidationError {
                path: joined(prefix, "tasks"),
                message: format!(
                    "Expression is not well formatted: {fault}, taskType: SWITCH taskName {name}"
                ),
                invalid_value: Some(expression.chars().take(200).collect()),
            });
        }
    }
    broken
}

/// Bytes of a name: of a workflow, task, reference, correlation id or key. They become keys of
/// rows and names of queues.
pub(super) const NAME_BYTES_MAX: usize = fermata_types::limits::NAME_BYTES_MAX;

fn long_names(compiled: &Workflow, prefix: &str) -> Vec<ValidationError> {
    let steps = compiled.steps.iter();
    let tasks = steps.flat_map(|step| [&step.name, &step.reference, &step.task_type]);
    let names = std::iter::once(("name", &compiled.key.name)).chain(tasks.map(|it| ("tasks", it)));
    let long = names.filter_map(|(path, name)| too_long(&joined(prefix, path), name));
    long.take(1).collect()
}

/// The broken rule of a name that is too long.
pub(super) fn too_long(path: &str, name: &str) -> Option<ValidationError> {
    (name.len() > NAME_BYTES_MAX).then(|| ValidationError {
        path: path.to_owned(),
        message: format!("a name must not be longer than {NAME_BYTES_MAX} bytes"),
        invalid_value: Some(name.chars().take(40).collect()),
    })
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
                let text = format!("task type {kind} is not supported by this version of Fermata");
                (path, text, Some(kind))
            }
            CompileError::Invalid { path, what } => (path, what, None),
            other => (String::new(), other.to_string(), None),
        };
        Self { path, message, invalid_value: value }
    }
}
