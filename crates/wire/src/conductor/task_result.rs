//! What a worker reports.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::task::AnyMessage;
use super::{TaskExecLog, lenient};

/// Longest reason that is kept, in characters; the rest is cut off (`conductor-rest` 1.4).
pub const REASON_CHARS_MAX: usize = 500;

/// Result of a task (`conductor-rest` 3.5). `executionMetadata` is accepted and dropped.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskResult {
    /// Id of the workflow; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub workflow_instance_id: String,
    /// Id of the task; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub task_id: String,
    /// The outcome; needed unless the lease is extended.
    pub status: Option<TaskResultStatus>,
    /// Why it did not complete, cut to [`REASON_CHARS_MAX`].
    #[serde(deserialize_with = "reason")]
    pub reason_for_incompletion: Option<String>,
    /// Delay before it is handed out again, in seconds.
    #[serde(deserialize_with = "lenient::long")]
    pub callback_after_seconds: i64,
    /// The worker.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub worker_id: Option<String>,
    /// Output, an object; none counts as `{}`.
    #[serde(deserialize_with = "lenient::payload")]
    pub output_data: Option<Box<RawValue>>,
    /// Output as a protobuf message.
    pub output_message: Option<AnyMessage>,
    /// Lines for the task's log.
    #[serde(deserialize_with = "lenient::list")]
    pub logs: Vec<TaskExecLog>,
    /// Where an external output lies.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub external_output_payload_storage_path: Option<String>,
    /// Id of the workflow the task started.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub sub_workflow_id: Option<String>,
    /// Only refresh the lease; everything but the ids is ignored.
    #[serde(deserialize_with = "lenient::boolean")]
    pub extend_lease: bool,
    /// Whether the worker can stop on request; without effect yet.
    #[serde(deserialize_with = "lenient::boolean")]
    pub supports_cancellation: bool,
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let mut text = lenient::opt_text(deserializer)?;
    if let Some(text) = &mut text
        && let Some((end, _)) = text.char_indices().nth(REASON_CHARS_MAX)
    {
        text.truncate(end);
    }
    Ok(text)
}

/// Outcome a worker may report, in a body or a path (`conductor-rest` 3.5). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskResultStatus {
    /// Not done yet; hand it out again later.
    InProgress,
    /// Failed; may be retried.
    Failed,
    /// Failed for good.
    FailedWithTerminalError,
    /// Done.
    Completed,
    /// Given up.
    Canceled,
}

impl TaskResultStatus {
    const ALL: [Self; 5] = [
        Self::InProgress,
        Self::Failed,
        Self::FailedWithTerminalError,
        Self::Completed,
        Self::Canceled,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Failed => "FAILED",
            Self::FailedWithTerminalError => "FAILED_WITH_TERMINAL_ERROR",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
        }
    }
}

impl fmt::Display for TaskResultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`TaskResultStatus`], cut to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTaskResultStatus(pub String);

impl fmt::Display for UnknownTaskResultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status: unknown task result status {:?}, expected one of", self.0)?;
        for (place, status) in TaskResultStatus::ALL.into_iter().enumerate() {
            write!(f, "{} {status}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownTaskResultStatus {}

impl FromStr for TaskResultStatus {
    type Err = UnknownTaskResultStatus;

    fn from_str(text: &str) -> Result<Self, UnknownTaskResultStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownTaskResultStatus(text.chars().take(40).collect()))
    }
}

impl<'de> Deserialize<'de> for TaskResultStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StatusVisitor)
    }
}

struct StatusVisitor;

impl Visitor<'_> for StatusVisitor {
    type Value = TaskResultStatus;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a task result status")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TaskResultStatus, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_wire_names_and_nothing_else() {
        for status in TaskResultStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            let json = serde_json::to_string(&status).expect("a name");
            assert_eq!(json, format!("\"{status}\""));
        }
        let error = "completed".parse::<TaskResultStatus>().expect_err("case sensitive");
        assert_eq!(
            error.to_string(),
            "status: unknown task result status \"completed\", expected one of IN_PROGRESS, \
             FAILED, FAILED_WITH_TERMINAL_ERROR, COMPLETED, CANCELED"
        );
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let body = format!(r#"{{"reasonForIncompletion":"{}"}}"#, "ü".repeat(600));
        let result: TaskResult = serde_json::from_str(&body).expect("a result");
        assert_eq!(result.reason_for_incompletion, Some("ü".repeat(500)));
    }
}
