//! What INLINE, SWITCH, DO_WHILE and JSON_JQ_TRANSFORM share: a script is asked for, unless it is
//! JavaScript so trivial that it is evaluated natively.

use fermata_types::{Payload, TaskNumber};
use serde_json::Value;

use crate::context::Context;
use crate::definition::{DefinitionHash, StepId};
use crate::needs::{Evaluated, EvaluationKey, EvaluationRequest, Language, Needs, Script};
use crate::script;

/// The result of a script over an input; asks for it when it is not known yet.
pub(super) fn evaluate(
    place: (TaskNumber, StepId),
    source: &str,
    input: &Value,
    context: Context<'_>,
) -> Result<Evaluated, Needs> {
    if let Some(value) = script::evaluate(source, input) {
        return Ok(Evaluated::Value(Payload::from_value(&value)));
    }
    ask(Language::JavaScript, place, source, input, context)
}

/// The result of a jq query over an input: a list; asks for it when it is not known yet.
pub(super) fn query(
    place: (TaskNumber, StepId),
    source: &str,
    input: &Value,
    context: Context<'_>,
) -> Result<Evaluated, Needs> {
    ask(Language::Jq, place, source, input, context)
}

fn ask(
    language: Language,
    (task, step): (TaskNumber, StepId),
    source: &str,
    input: &Value,
    context: Context<'_>,
) -> Result<Evaluated, Needs> {
    let input = Payload::from_value(input);
    let mut hashed = Vec::with_capacity(source.len() + input.len() + 1);
    hashed.extend_from_slice(source.as_bytes());
    // Also tells languages apart.
    hashed.push(match language {
        Language::JavaScript => 0,
        Language::Jq => 1,
    });
    hashed.extend_from_slice(input.bytes());
    let key = EvaluationKey { task, step, content: DefinitionHash::of(&hashed) };
    match context.fetched.evaluation(&key) {
        Some(result) => Ok(result),
        None => {
            let script = Script { language, source: source.into(), input };
            Err(Needs::evaluation(EvaluationRequest { key, script }))
        }
    }
}
