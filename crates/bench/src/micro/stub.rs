//! What decisions of the small benches see besides their run: next to nothing.

use std::sync::Arc;

use fermata_decider::context::{Fetched, Found, PendingMessage};
use fermata_decider::definition::handler::Handler;
use fermata_decider::needs::{DefinitionRequest, Evaluated, EvaluationKey, Script};
use fermata_decider::run::Stored;
use fermata_runtime::evaluator::Evaluator;
use fermata_types::{MessageOffset, Payload, RunId, ShardKey, Timestamp};

/// The moment of all small benches.
pub(super) const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// Every payload is an empty object; nothing else is there.
pub(super) struct Bare;

impl Fetched for Bare {
    fn payload(&self, _: Stored) -> Option<Payload> {
        Some(Payload::empty_object())
    }

    fn evaluation(&self, _: &EvaluationKey) -> Option<Evaluated> {
        None
    }

    fn definition(&self, _: &DefinitionRequest) -> Found {
        Found::Unknown
    }

    fn messages(&self, _: MessageOffset, _: u32) -> Option<Vec<PendingMessage>> {
        None
    }

    fn mint(&self) -> RunId {
        run_id(2)
    }

    fn mint_elsewhere(&self) -> RunId {
        run_id(3)
    }

    fn handlers(&self, _: &str) -> Vec<Arc<Handler>> {
        Vec::new()
    }

    fn is_polled(&self, _: &str, _: &str) -> bool {
        false
    }

    fn resolve_task(&self, _: &mut serde_json::Value) {}

    fn environment(&self, _: &str) -> Option<String> {
        None
    }
}

/// An engine without scripts.
pub(super) struct NoScripts;

impl Evaluator for NoScripts {
    fn evaluate(&self, _: &Script, _: Timestamp) -> Evaluated {
        Evaluated::Failed("there are no scripts in the small benches".to_owned())
    }
}

/// The id of a run.
pub(super) fn run_id(salt: u32) -> RunId {
    RunId::compose(NOW, ShardKey::wrapping(7), salt)
}
