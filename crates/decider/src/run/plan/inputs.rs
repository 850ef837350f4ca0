//! A task's input: its step's template, resolved against the run.

use fermata_types::Payload;
use serde_json::Value;

use crate::context::Context;
use crate::definition::{Kind, Step, StepId};
use crate::needs::Needs;
use crate::run::document::{self, RunDocument};
use crate::run::plan::branch_input;
use crate::run::state::Run;
use crate::run::task::Task;

/// Resolves the input of a task about to be made in some place, or of a loop there. `old` is the
/// attempt that is replaced. The inner error names a limit that was met.
pub(crate) fn of_place(
    run: &Run,
    (id, iteration): (StepId, u32),
    old: Option<&Task>,
    step: &Step,
    context: Context<'_>,
) -> Result<Result<Payload, String>, Needs> {
    if let Some(place) = run.dynamic.branch_of(id) {
        return branch_input::resolve(run, place, old, step, context);
    }
    if let Kind::Join { fork: Some(_), .. } = &step.kind {
        // As the definition has it, without evaluation (`conductor-semantics` 5.4).
        let json: Value = serde_json::from_str(&step.json).unwrap_or(Value::Null);
        let raw = json.get("inputParameters").filter(|raw| raw.is_object());
        return Ok(Ok(raw.map_or_else(Payload::empty_object, Payload::from_value)));
    }
    resolve(run, step, iteration, context)
}

/// Keys that resolved to null take the task definition's raw value.
pub(super) fn fill_nulls(value: &mut Value, step: &Step) {
    let Value::Object(map) = value else { return };
    for (key, default) in &step.input_defaults {
        if map.get(key).is_some_and(Value::is_null) {
            map.insert(key.clone(), default.clone());
        }
    }
}

/// Resolves a step's input for an iteration of the loop around it. The inner error names a limit
/// that was met.
fn resolve(
    run: &Run,
    step: &Step,
    iteration: u32,
    context: Context<'_>,
) -> Result<Result<Payload, String>, Needs> {
    let document = RunDocument::for_task(run, step.input.references(), context);
    let mut value = match document::resolve(&step.input, &document)? {
        Ok(value) => value,
        Err(limit) => return Ok(Err(limit)),
    };
    fill_nulls(&mut value, step);
    if let (Value::Object(map), Kind::Join { names, fork: None, .. }) = (&mut value, &step.kind) {
        let shown = names.iter().map(|name| match iteration {
            0 => Value::from(name.clone()),
            _ => Value::from(format!("{name}__{iteration}")),
        });
        map.insert("joinOn".to_owned(), shown.collect());
    }
    Ok(Ok(Payload::from_value(&value)))
}
