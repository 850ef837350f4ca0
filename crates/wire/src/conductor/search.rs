//! Answers of the searches.

use fermata_types::{RunStatus, TaskStatus};
use serde::Serialize;

use super::{Entries, SummaryTime};

/// One page of hits (`conductor-rest` 3.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult<T> {
    /// All hits, not only those of this page.
    pub total_hits: i64,
    /// The hits of this page.
    pub results: Vec<T>,
}

impl<T> Default for SearchResult<T> {
    fn default() -> Self {
        Self { total_hits: 0, results: Vec::new() }
    }
}

/// A workflow among search hits (`conductor-rest` 3.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowSummary {
    /// Name of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_type: Option<String>,
    /// Version of the definition.
    pub version: i32,
    /// Id of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Correlation id of the start request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// When it started.
    pub start_time: SummaryTime,
    /// When it was last changed; the epoch if never.
    pub update_time: SummaryTime,
    /// When it ended; none while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<SummaryTime>,
    /// Status.
    pub status: RunStatus,
    /// Input as text (3.7 quirk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Output as text (3.7 quirk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Why it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_for_incompletion: Option<String>,
    /// From start to end in ms; 0 while it runs.
    pub execution_time: i64,
    /// The event that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// References of failed tasks, joined by commas.
    pub failed_reference_task_names: String,
    /// Names of failed tasks.
    pub failed_task_names: Vec<String>,
    /// Where an external input lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_input_payload_storage_path: Option<String>,
    /// Where an external output lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_output_payload_storage_path: Option<String>,
    /// Priority, 0 to 99.
    pub priority: i32,
    /// Who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Task type to domain.
    pub task_to_domain: Entries<String>,
    /// Idempotency key of the start request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Id of the parent; `""` at the top.
    pub parent_workflow_id: String,
    /// Classifier of the definition (3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classifier: Option<String>,
    /// Length of `input` in characters; filled by the caller.
    pub input_size: i64,
    /// Length of `output` in characters; filled by the caller.
    pub output_size: i64,
}

impl Default for WorkflowSummary {
    fn default() -> Self {
        Self {
            workflow_type: None,
            version: 0,
            workflow_id: None,
            correlation_id: None,
            start_time: SummaryTime::default(),
            update_time: SummaryTime::default(),
            end_time: None,
            status: RunStatus::Running,
            input: None,
            output: None,
            reason_for_incompletion: None,
            execution_time: 0,
            event: None,
            failed_reference_task_names: String::new(),
            failed_task_names: Vec::new(),
            external_input_payload_storage_path: None,
            external_output_payload_storage_path: None,
            priority: 0,
            created_by: None,
            task_to_domain: Entries::new(),
            idempotency_key: None,
            parent_workflow_id: String::new(),
            classifier: None,
            input_size: 0,
            output_size: 0,
        }
    }
}

/// A task among search hits (`conductor-rest` 3.8). Times not set read as the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSummary {
    /// Id of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Name of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_type: Option<String>,
    /// Correlation id of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// When it was scheduled.
    pub scheduled_time: SummaryTime,
    /// When it was first polled.
    pub start_time: SummaryTime,
    /// When it was last changed.
    pub update_time: SummaryTime,
    /// When it ended.
    pub end_time: SummaryTime,
    /// Status.
    pub status: TaskStatus,
    /// Why it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_for_incompletion: Option<String>,
    /// From start to end in ms.
    pub execution_time: i64,
    /// From schedule to start in ms.
    pub queue_wait_time: i64,
    /// Name of the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_def_name: Option<String>,
    /// Type of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// Input as text (3.7 quirk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Output as text (3.7 quirk).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Id of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Where an external input lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_input_payload_storage_path: Option<String>,
    /// Where an external output lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_output_payload_storage_path: Option<String>,
    /// Priority of the workflow, 0 to 99.
    pub workflow_priority: i32,
    /// Domain of the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl Default for TaskSummary {
    fn default() -> Self {
        Self {
            workflow_id: None,
            workflow_type: None,
            correlation_id: None,
            scheduled_time: SummaryTime::default(),
            start_time: SummaryTime::default(),
            update_time: SummaryTime::default(),
            end_time: SummaryTime::default(),
            status: TaskStatus::Scheduled,
            reason_for_incompletion: None,
            execution_time: 0,
            queue_wait_time: 0,
            task_def_name: None,
            task_type: None,
            input: None,
            output: None,
            task_id: None,
            external_input_payload_storage_path: None,
            external_output_payload_storage_path: None,
            workflow_priority: 0,
            domain: None,
        }
    }
}
