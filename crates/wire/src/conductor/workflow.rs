//! The workflow as clients see it.

use std::sync::Arc;

use fermata_types::RunStatus;
use serde::Serialize;
use serde_json::value::RawValue;

use super::task::empty_object;
use super::{Entries, Task};

/// One run of a workflow (`conductor-rest` 3.6, with the audit fields of 3.0 first).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workflow {
    /// Owning application; `""` from the reference server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_app: Option<String>,
    /// When it was created, ms since the epoch.
    pub create_time: i64,
    /// When it was last changed, ms since the epoch; 0 if never.
    pub update_time: i64,
    /// Who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who last changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Status.
    pub status: RunStatus,
    /// When it ended, ms since the epoch; 0 while it runs.
    pub end_time: i64,
    /// Id.
    pub workflow_id: String,
    /// Id of the workflow that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_workflow_id: Option<String>,
    /// Id of the task that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_workflow_task_id: Option<String>,
    /// Tasks by sequence; empty when not asked for.
    pub tasks: Vec<Task>,
    /// Input, an object.
    pub input: Box<RawValue>,
    /// Output, an object.
    pub output: Box<RawValue>,
    /// Correlation id of the start request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Id of the workflow it was rerun from; capital R twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub re_run_from_workflow_id: Option<String>,
    /// Why it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_for_incompletion: Option<String>,
    /// The event that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Task type to domain; none when the start request sent null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_to_domain: Option<Entries<String>>,
    /// References of failed tasks.
    pub failed_reference_task_names: Vec<String>,
    /// Names of failed tasks.
    pub failed_task_names: Vec<String>,
    /// The definition it runs, as JSON, with the task definitions inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_definition: Option<Arc<RawValue>>,
    /// Where an external input lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_input_payload_storage_path: Option<String>,
    /// Where an external output lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_output_payload_storage_path: Option<String>,
    /// Priority, 0 to 99.
    pub priority: i32,
    /// Variables, an object.
    pub variables: Box<RawValue>,
    /// When it was last retried, ms since the epoch; 0 if never.
    pub last_retried_time: i64,
    /// Earlier runs; always empty.
    pub history: Vec<Workflow>,
    /// Idempotency key of the start request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Key of its rate limit; never set by the reference server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_key: Option<String>,
    /// Whether a rate limit holds it back.
    pub rate_limited: bool,
    /// Tokens its model calls used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_token_usage: Option<TokenUsage>,
    /// The same as `create_time`; filled by the caller.
    pub start_time: i64,
    /// Name of the definition; filled by the caller.
    pub workflow_name: String,
    /// Version of the definition; filled by the caller.
    pub workflow_version: i32,
}

impl Default for Workflow {
    fn default() -> Self {
        Self {
            owner_app: Some(String::new()),
            create_time: 0,
            update_time: 0,
            created_by: None,
            updated_by: None,
            status: RunStatus::Running,
            end_time: 0,
            workflow_id: String::new(),
            parent_workflow_id: None,
            parent_workflow_task_id: None,
            tasks: Vec::new(),
            input: empty_object(),
            output: empty_object(),
            correlation_id: None,
            re_run_from_workflow_id: None,
            reason_for_incompletion: None,
            event: None,
            task_to_domain: Some(Entries::new()),
            failed_reference_task_names: Vec::new(),
            failed_task_names: Vec::new(),
            workflow_definition: None,
            external_input_payload_storage_path: None,
            external_output_payload_storage_path: None,
            priority: 0,
            variables: empty_object(),
            last_retried_time: 0,
            history: Vec::new(),
            idempotency_key: None,
            rate_limit_key: None,
            rate_limited: false,
            aggregate_token_usage: None,
            start_time: 0,
            workflow_name: String::new(),
            workflow_version: 0,
        }
    }
}

/// Tokens used by the model calls of a workflow (`conductor-rest` 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// Tokens sent.
    pub prompt_tokens: i64,
    /// Tokens received.
    pub completion_tokens: i64,
    /// Both together.
    pub total_tokens: i64,
}

/// Status of a workflow, with what was asked for (`conductor-rest` 3.11).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStatusSummary {
    /// Id.
    pub workflow_id: String,
    /// Correlation id; none when empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Output, an object, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<RawValue>>,
    /// Variables, an object, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<Box<RawValue>>,
    /// Status.
    pub status: RunStatus,
}

impl Default for WorkflowStatusSummary {
    fn default() -> Self {
        Self {
            workflow_id: String::new(),
            correlation_id: None,
            output: None,
            variables: None,
            status: RunStatus::Running,
        }
    }
}
