//! Statuses of runs and tasks, with the properties the reference server gives them
//! (`conductor-semantics` 0.2 and 1.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Going on, or waiting.
    Running,
    /// Held: results are accepted, successors wait.
    Paused,
    /// Ended well.
    Completed,
    /// Ended by a failed task or a TERMINATE task.
    Failed,
    /// Ended by a timeout.
    TimedOut,
    /// Ended by someone.
    Terminated,
}

impl RunStatus {
    /// Whether the run has ended in this epoch.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Running | Self::Paused)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Terminated => "TERMINATED",
        }
    }
}

/// Status of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskStatus {
    /// In its queue.
    Scheduled,
    /// Leased by a worker, or carried by the server.
    InProgress,
    /// Done.
    Completed,
    /// Failed, but optional.
    CompletedWithErrors,
    /// Passed over by request.
    Skipped,
    /// Failed; may be retried.
    Failed,
    /// Failed for good.
    FailedWithTerminalError,
    /// Took too long; may be retried.
    TimedOut,
    /// Ended from outside, or with its run.
    Canceled,
}

impl TaskStatus {
    /// Whether the attempt has ended.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Scheduled | Self::InProgress)
    }

    /// Successful in the reference server's sense; open statuses count as successful.
    #[must_use]
    pub const fn is_successful(self) -> bool {
        matches!(
            self,
            Self::Scheduled
                | Self::InProgress
                | Self::Completed
                | Self::CompletedWithErrors
                | Self::Skipped
        )
    }

    /// Whether a failed attempt may be followed by another.
    #[must_use]
    pub const fn is_retriable(self) -> bool {
        !matches!(self, Self::Canceled | Self::FailedWithTerminalError | Self::Skipped)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::CompletedWithErrors => "COMPLETED_WITH_ERRORS",
            Self::Skipped => "SKIPPED",
            Self::Failed => "FAILED",
            Self::FailedWithTerminalError => "FAILED_WITH_TERMINAL_ERROR",
            Self::TimedOut => "TIMED_OUT",
            Self::Canceled => "CANCELED",
        }
    }
}

/// A text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown status {0:?}")]
pub struct UnknownStatus(pub String);

impl FromStr for TaskStatus {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        const ALL: [TaskStatus; 9] = [
            TaskStatus::Scheduled,
            TaskStatus::InProgress,
            TaskStatus::Completed,
            TaskStatus::CompletedWithErrors,
            TaskStatus::Skipped,
            TaskStatus::Failed,
            TaskStatus::FailedWithTerminalError,
            TaskStatus::TimedOut,
            TaskStatus::Canceled,
        ];
        ALL.into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.chars().take(40).collect()))
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
