//! All languages behind the runtime's port.

use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_runtime::evaluator::Evaluator;
use fermata_types::Timestamp;

use crate::javascript::JavaScript;
use crate::jq::JqInProcess;

/// Gives each script to the evaluator of its language.
pub struct Scripts {
    javascript: JavaScript,
    jq: Box<dyn Evaluator>,
}

impl Scripts {
    /// JavaScript in this process; jq wherever that evaluator runs it.
    #[must_use]
    pub fn new(javascript: JavaScript, jq: impl Evaluator + 'static) -> Self {
        Self { javascript, jq: Box::new(jq) }
    }
}

/// For proofs: jq runs in this process, see [`JqInProcess`].
impl Default for Scripts {
    fn default() -> Self {
        Self::new(JavaScript::default(), JqInProcess)
    }
}

impl Evaluator for Scripts {
    fn evaluate(&self, script: &Script, now: Timestamp) -> Evaluated {
        match script.language {
            Language::JavaScript => self.javascript.evaluate(script, now),
            Language::Jq => self.jq.evaluate(script, now),
        }
    }
}
