//! From a resolved definition's JSON to the flat table of steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_types::{Payload, Span};
use serde_json::Value;

use crate::definition::build::Builder;
use crate::definition::model::{
    After, DefinitionHash, Kind, StepId, TimeoutPolicy, Workflow, WorkflowKey,
};
use crate::expression::Template;

/// Why a definition cannot be compiled. The path points into the definition's JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A task type whose behaviour this version does not have.
    #[error("{path}: task type {kind} is not supported by this version of Fermata")]
    Unsupported {
        /// Where in the definition.
        path: String,
        /// The type.
        kind: String,
    },
    /// A reference name used twice.
    #[error(
        "taskReferenceName: {reference} should be unique across tasks for a given \
         workflowDefinition: {workflow}"
    )]
    Duplicate {
        /// The name.
        reference: String,
        /// The workflow.
        workflow: String,
    },
    /// Something is missing or of the wrong type.
    #[error("{path}: {what}")]
    Invalid {
        /// Where in the definition.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The text is not a JSON object.
    #[error("the definition is not a JSON object")]
    NotAnObject,
}

/// Compiles a resolved definition. Pure; the cost is proportional to the definition.
///
/// # Errors
/// [`CompileError`]: nothing a validated definition of supported types runs into.
pub fn compile(json: &str) -> Result<Workflow, CompileError> {
    let value: Value = serde_json::from_str(json).map_err(|_| CompileError::NotAnObject)?;
    if !value.is_object() {
        return Err(CompileError::NotAnObject);
    }
    let name = value.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut builder = Builder::new(name.clone());
    let no_tasks = Value::Array(Vec::new());
    let tasks = value.get("tasks").unwrap_or(&no_tasks);
    let first = builder.sequence(tasks, After::RunEnd, None, "tasks")?;
    let mut steps = builder.into_steps();
    let references = link(&mut steps, StepId(0));
    let version = value.get("version").and_then(Value::as_i64).unwrap_or(1);
    Ok(Workflow {
        hash: DefinitionHash::of(json.as_bytes()),
        key: WorkflowKey { name, version: i32::try_from(version).unwrap_or(1) },
        json: Arc::from(json),
        steps,
        first,
        references,
        output: non_empty_object(&value, "outputParameters").map(Template::parse),
        variables: variables(&value),
        input_template: value
            .get("inputTemplate")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        timeout: Span::from_seconds(
            value.get("timeoutSeconds").and_then(Value::as_i64).unwrap_or(0).max(0),
        ),
        timeout_policy: match value.get("timeoutPolicy").and_then(Value::as_str) {
            Some("TIME_OUT_WF") => TimeoutPolicy::TimeOutWorkflow,
            _ => TimeoutPolicy::AlertOnly,
        },
    })
}

fn non_empty_object<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    value.get(field).filter(|found| found.as_object().is_some_and(|map| !map.is_empty()))
}

fn variables(value: &Value) -> Vec<(String, Payload)> {
    let Some(map) = value.get("variables").and_then(Value::as_object) else { return Vec::new() };
    map.iter().map(|(key, value)| (key.clone(), Payload::from_value(value))).collect()
}

/// Tells each step which JOINs wait for it; answers the steps by reference. `base` is the id of the
/// first one.
pub(super) fn link(
    steps: &mut [crate::definition::model::Step],
    base: StepId,
) -> BTreeMap<String, StepId> {
    let references: BTreeMap<String, StepId> =
        steps.iter().map(|step| (step.reference.clone(), step.id)).collect();
    let mut waits: Vec<(StepId, StepId)> = Vec::new();
    for step in steps.iter() {
        match &step.kind {
            Kind::Join { on, .. } => waits.extend(on.iter().map(|awaited| (*awaited, step.id))),
            Kind::ExclusiveJoin { on, defaults } => {
                waits.extend(on.iter().chain(defaults).map(|awaited| (*awaited, step.id)));
            }
            _ => {}
        }
    }
    for (awaited, join) in waits {
        if let Some(step) = steps.get_mut(awaited.0.saturating_sub(base.0) as usize) {
            step.joins.push(join);
        }
    }
    references
}
