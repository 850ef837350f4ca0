//! The input of a dynamic fork's branch: its part of the FORK task's stored input.

use bytes::Bytes;
use fermata_types::Payload;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::definition::{Kind, Step};
use crate::expression::Template;
use crate::needs::Needs;
use crate::run::document::{self, RunDocument};
use crate::run::dynamic::Forked;
use crate::run::state::Run;
use crate::run::task::Task;

/// Resolves the input of a branch, as a task's input is: expressions that the data held are
/// evaluated now, and the task definition's `inputTemplate` fills what is missing. The input is
/// copied into the task's own event: read with the task, it costs the same in the largest fork.
/// The inner error names a limit that was met.
pub(super) fn resolve(
    run: &Run,
    (fork, branch): (&Forked, u32),
    old: Option<&Task>,
    step: &Step,
    context: Context<'_>,
) -> Result<Result<Payload, String>, Needs> {
    // Without expressions another attempt gets the same again: the large list is not needed.
    let again = old.filter(|_| fork.plan.is_constant() && matches!(step.kind, Kind::Worker { .. }));
    if let Some(old) = again {
        let same = context.fetched.payload(old.input);
        return same.map(Ok).ok_or_else(|| Needs::payloads(vec![old.input]));
    }
    let Some(at) = run.task(fork.task).map(|task| task.input) else {
        return Ok(Ok(Payload::empty_object()));
    };
    let Some(all) = context.fetched.payload(at) else { return Err(Needs::payloads(vec![at])) };
    let raw = all.bytes().get(fork.plan.input(branch)).unwrap_or(b"{}");
    if fork.plan.is_constant() && step.input_defaults.is_empty() {
        // Copied, because a slice would keep the whole list in memory.
        return Ok(Ok(Payload::trusted(Bytes::copy_from_slice(raw))));
    }
    let mut map: Map<String, Value> = serde_json::from_slice(raw).unwrap_or_default();
    for (key, default) in &step.input_defaults {
        if !map.contains_key(key) {
            map.insert(key.clone(), default.clone());
        }
    }
    let template = Template::parse(&Value::Object(map));
    let document = RunDocument::for_task(run, template.references(), context);
    let mut value = match document::resolve(&template, &document)? {
        Ok(value) => value,
        Err(limit) => return Ok(Err(limit)),
    };
    super::inputs::fill_nulls(&mut value, step);
    Ok(Ok(Payload::from_value(&value)))
}
