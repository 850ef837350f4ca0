//! Answers about task queues.

use serde::Serialize;

/// Who last polled a queue, and when (`conductor-rest` 3.15).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PollData {
    /// The task type.
    pub queue_name: String,
    /// The domain; none when polled without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The worker that polled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    /// Time of the poll, ms since the epoch.
    pub last_poll_time: i64,
}

/// Size of one shard of a queue in the verbose listing (`conductor-rest` 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardSize {
    /// Tasks that wait.
    pub size: i64,
    /// Tasks handed out and not yet answered.
    pub uacked: i64,
}
