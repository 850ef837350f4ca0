//! Flags for the sizes of payloads, in KB as Conductor's settings have them.

use clap::Args;
use fermata_types::{PayloadLimits, Threshold};

/// How large payloads may be. Thresholds and limits are serialised JSON; none can be above what a
/// request's body may have (16384 KB). A threshold of 0 never leaves a payload out of an answer.
/// Since 0.1.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Payload sizes (KB)")]
pub struct PayloadOptions {
    /// A run's input above this is answered by its path.
    #[arg(long, env = "FERMATA_WORKFLOW_INPUT_THRESHOLD_KB", default_value_t = 5120)]
    pub workflow_input_threshold_kb: u32,

    /// A start with a larger input is refused.
    #[arg(long, env = "FERMATA_WORKFLOW_INPUT_MAX_KB", default_value_t = 10240,
          value_parser = limit())]
    pub workflow_input_max_kb: u32,

    /// A run's output above this is answered by its path.
    #[arg(long, env = "FERMATA_WORKFLOW_OUTPUT_THRESHOLD_KB", default_value_t = 5120)]
    pub workflow_output_threshold_kb: u32,

    /// A run with a larger output fails.
    #[arg(long, env = "FERMATA_WORKFLOW_OUTPUT_MAX_KB", default_value_t = 10240,
          value_parser = limit())]
    pub workflow_output_max_kb: u32,

    /// A task's input above this is answered by its path.
    #[arg(long, env = "FERMATA_TASK_INPUT_THRESHOLD_KB", default_value_t = 3072)]
    pub task_input_threshold_kb: u32,

    /// A task with a larger input fails.
    #[arg(long, env = "FERMATA_TASK_INPUT_MAX_KB", default_value_t = 10240,
          value_parser = limit())]
    pub task_input_max_kb: u32,

    /// A task's output above this is answered by its path.
    #[arg(long, env = "FERMATA_TASK_OUTPUT_THRESHOLD_KB", default_value_t = 3072)]
    pub task_output_threshold_kb: u32,

    /// A task with a larger output fails.
    #[arg(long, env = "FERMATA_TASK_OUTPUT_MAX_KB", default_value_t = 10240,
          value_parser = limit())]
    pub task_output_max_kb: u32,

    /// All variables of a run together.
    #[arg(long, env = "FERMATA_VARIABLES_MAX_KB", default_value_t = 256, value_parser = limit())]
    pub variables_max_kb: u32,

    /// A larger message is refused.
    #[arg(long, env = "FERMATA_MESSAGE_MAX_KB", default_value_t = 10240, value_parser = limit())]
    pub message_max_kb: u32,
}

fn limit() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=16384)
}

const fn bytes(kb: u32) -> usize {
    (kb as usize) << 10
}

impl PayloadOptions {
    /// The sizes in bytes.
    #[must_use]
    pub const fn limits(&self) -> PayloadLimits {
        PayloadLimits {
            workflow_input: Threshold {
                soft: bytes(self.workflow_input_threshold_kb),
                hard: bytes(self.workflow_input_max_kb),
            },
            workflow_output: Threshold {
                soft: bytes(self.workflow_output_threshold_kb),
                hard: bytes(self.workflow_output_max_kb),
            },
            task_input: Threshold {
                soft: bytes(self.task_input_threshold_kb),
                hard: bytes(self.task_input_max_kb),
            },
            task_output: Threshold {
                soft: bytes(self.task_output_threshold_kb),
                hard: bytes(self.task_output_max_kb),
            },
            variables: bytes(self.variables_max_kb),
            message: bytes(self.message_max_kb),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use fermata_types::PayloadLimits;

    use crate::cli::{Cli, Command};

    fn limits(flags: &[&str]) -> Option<PayloadLimits> {
        let line = ["fermata", "server"].iter().chain(flags);
        let Command::Server(options) = Cli::try_parse_from(line).ok()?.command else {
            return None;
        };
        Some(options.payloads.limits())
    }

    #[test]
    fn without_flags_the_contracts_sizes_hold() {
        assert_eq!(limits(&[]), Some(PayloadLimits::default()));
    }

    #[test]
    fn flags_change_them_up_to_the_size_of_a_body() {
        let changed = limits(&["--task-output-max-kb", "7", "--task-input-threshold-kb", "0"]);
        let changed = changed.expect("flags are known");
        assert_eq!((changed.task_output.hard, changed.task_input.soft), (7 << 10, 0));
        assert_eq!(limits(&["--task-output-max-kb", "0"]), None);
        assert_eq!(limits(&["--message-max-kb", "16385"]), None);
    }
}
