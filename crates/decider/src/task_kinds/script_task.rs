//! What INLINE, SWITCH and DO_WHILE share: a script is evaluated natively when it is trivial,
//! else asked for.

use fermata_types::{Payload, TaskNumber};
use serde_json::Value;

use crate::context::Context;
use crate::definition::{DefinitionHash, StepId};
use crate::needs::{Evaluated, EvaluationKey, EvaluationRequest, Needs, Script};
use crate::script;

/// The result of a script over an input; asks for it when it is not known yet.
pub(super) fn evaluate(
    (task, step): (TaskNumber, StepId),
    source: &str,
    input: &Value,
    context: Context<'_>,
) -> Result<Evaluated, Needs> {
    if let Some(value) = script::evaluate(source, input) {
        return Ok(Evaluated::Value(Payload::from_value(&value)));
    }
    let input = Payload::from_value(input);
    let mut hashed = Vec::with_capacity(source.len() + input.len() + 1);
    hashed.extend_from_slice(source.as_bytes());
    hashed.push(0);
    hashed.extend_from_slice(input.bytes());
    let key = EvaluationKey { task, step, content: DefinitionHash::of(&hashed) };
    match context.fetched.evaluation(&key) {
        Some(result) => Ok(result),
        None => {
            let script = Script { source: source.into(), input };
            Err(Needs::evaluation(EvaluationRequest { key, script }))
        }
    }
}
