//! How large payloads may be: the one set of sizes that a server's settings can change.

use crate::limits;

/// Two sizes of one kind of payload, in serialised JSON bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Above it an answer names where the payload is instead of carrying it; 0 means never.
    pub soft: usize,
    /// Above it the payload is not taken.
    pub hard: usize,
}

impl Threshold {
    /// Whether an answer leaves out a payload of that size.
    #[must_use]
    pub const fn leaves_out(self, bytes: usize) -> bool {
        self.soft > 0 && bytes > self.soft
    }
}

/// Sizes of every kind of payload; the defaults are those of `conductor-semantics` 10.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadLimits {
    /// Input of a run. A start over it is refused and stores nothing.
    pub workflow_input: Threshold,
    /// Output of a run. Over it a run that would complete fails.
    pub workflow_output: Threshold,
    /// Input of a task. Over it the task is made and fails for good.
    pub task_input: Threshold,
    /// Output of a task. Over it the task fails for good.
    pub task_output: Threshold,
    /// All variables of a run together. Over it nothing is set, and the task fails for good.
    pub variables: usize,
    /// A message to a run. Over it the message is refused.
    pub message: usize,
}

impl Default for PayloadLimits {
    fn default() -> Self {
        let workflow = Threshold { soft: 5120 << 10, hard: limits::WORKFLOW_PAYLOAD_MAX };
        let task = Threshold { soft: 3072 << 10, hard: limits::TASK_PAYLOAD_MAX };
        Self {
            workflow_input: workflow,
            workflow_output: workflow,
            task_input: task,
            task_output: task,
            variables: limits::VARIABLES_MAX,
            message: limits::MESSAGE_PAYLOAD_MAX,
        }
    }
}
