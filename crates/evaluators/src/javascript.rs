//! JavaScript behind the runtime's port.

use std::sync::Arc;

use bytes::Bytes;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::evaluator::Evaluator;
use fermata_types::{Payload, Timestamp};

use crate::limits::Limits;
use crate::pool::{Input, OwnedTask, Pool};
use crate::quickjs::Outcome;

/// Evaluates JavaScript in engines on threads of their own (`conductor-semantics` 5.19).
///
/// An evaluation blocks the caller for at most [`Limits::wall`] and [`Limits::grace`]. Nothing is
/// kept between evaluations and nothing outlives the process: after a crash the evaluation is
/// simply asked for again, and gives the same result for the same time.
#[derive(Debug)]
pub struct JavaScript {
    pool: Pool,
}

impl JavaScript {
    /// An evaluator; threads start with the first evaluations.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { pool: Pool::new(limits) }
    }
}

impl Default for JavaScript {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Evaluator for JavaScript {
    fn evaluate(&self, script: &Script, now: Timestamp) -> Evaluated {
        let task = OwnedTask {
            source: Arc::clone(&script.source),
            input: Input(script.input.clone()),
            now_ms: now.as_ms(),
        };
        match self.pool.run(task) {
            Outcome::Value(json) => Evaluated::Value(Payload::trusted(Bytes::from(json))),
            Outcome::Failed(message) => Evaluated::Failed(message),
            Outcome::TimedOut(message) => Evaluated::TimedOut(message),
        }
    }
}
