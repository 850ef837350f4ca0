//! jq in this process.

use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::evaluator::Evaluator;
use fermata_types::{Payload, Timestamp};

use crate::jq::query::Queries;
use crate::limits::RESULT_MAX;

/// Runs queries right here, in the caller's time and memory: for proofs, which bring their own
/// queries and want the same result twice. A query that misbehaves takes the process with it, so
/// servers use [`super::JqPool`].
#[derive(Debug, Clone, Copy, Default)]
pub struct JqInProcess;

impl Evaluator for JqInProcess {
    fn evaluate(&self, script: &Script, now: Timestamp) -> Evaluated {
        let input = script.input.bytes();
        match Queries::default().run(&script.source, input, now.as_ms(), RESULT_MAX) {
            Ok(json) => Evaluated::Value(Payload::trusted(json.into())),
            Err(message) => Evaluated::Failed(message),
        }
    }
}
