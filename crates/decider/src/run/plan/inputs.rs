//! A task's input: its step's template, resolved against the run.

use fermata_types::Payload;
use serde_json::Value;

use crate::context::Context;
use crate::definition::{Kind, Step};
use crate::needs::Needs;
use crate::run::document::{self, RunDocument};
use crate::run::state::Run;

/// Resolves a step's input for an iteration of the loop around it. The inner error names a limit
/// that was met.
pub(crate) fn resolve(
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
    if let Value::Object(map) = &mut value {
        for (key, default) in &step.input_defaults {
            if map.get(key).is_some_and(Value::is_null) {
                map.insert(key.clone(), default.clone());
            }
        }
        if let Kind::Join { names, .. } = &step.kind {
            let shown = names.iter().map(|name| match iteration {
                0 => Value::from(name.clone()),
                _ => Value::from(format!("{name}__{iteration}")),
            });
            map.insert("joinOn".to_owned(), shown.collect());
        }
    }
    Ok(Ok(Payload::from_value(&value)))
}
