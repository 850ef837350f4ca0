//! The port through which scripts are run. The adapter lives in `fermata-evaluators`.

use fermata_decider::needs::{Evaluated, Script};
use fermata_types::Timestamp;

/// Runs scripts with limits on time, memory and stack, and without access to the host.
///
/// Called from threads that may block, at most as many at once as the pool has places. Must not
/// panic; a script that misbehaves is [`Evaluated::Failed`] or [`Evaluated::TimedOut`].
pub trait Evaluator: Send + Sync {
    /// Runs one script. `now` is what the script sees as the time.
    fn evaluate(&self, script: &Script, now: Timestamp) -> Evaluated;
}
