//! The task as clients see it, its log lines, and the request to skip one.

use std::sync::Arc;

use fermata_types::TaskStatus;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Entries, lenient};

/// One attempt at one task of a workflow (`conductor-rest` 3.4).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Type of the task; the name of the definition for worker tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// Status.
    pub status: TaskStatus,
    /// Input, an object.
    pub input_data: Box<RawValue>,
    /// Output, an object.
    pub output_data: Box<RawValue>,
    /// Reference, with the loop suffix inside DO_WHILE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_task_name: Option<String>,
    /// Number of the attempt, from 0.
    pub retry_count: i32,
    /// Place in the workflow's order of scheduling.
    pub seq: i32,
    /// Correlation id of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// How often it was handed out.
    pub poll_count: i32,
    /// Name of the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_def_name: Option<String>,
    /// When it was scheduled, ms since the epoch.
    pub scheduled_time: i64,
    /// When it was first polled, ms since the epoch; 0 if not yet.
    pub start_time: i64,
    /// When it ended, ms since the epoch; 0 if not yet.
    pub end_time: i64,
    /// When it was last changed, ms since the epoch.
    pub update_time: i64,
    /// Start of the first attempt; always 0.
    pub first_start_time: i64,
    /// Delay before it may be polled, in seconds.
    pub start_delay_in_seconds: i32,
    /// Id of the attempt before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retried_task_id: Option<String>,
    /// Whether another attempt followed.
    pub retried: bool,
    /// Whether the workflow has taken note of its end.
    pub executed: bool,
    /// Whether a worker reports its end.
    pub callback_from_worker: bool,
    /// Time a worker has between signs of life, in seconds; 0 is none.
    pub response_timeout_seconds: i64,
    /// Id of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_instance_id: Option<String>,
    /// Name of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_type: Option<String>,
    /// Id of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Why it did not complete, at most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_for_incompletion: Option<String>,
    /// Delay before it is handed out again, in seconds.
    pub callback_after_seconds: i64,
    /// The worker that holds or held it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    /// Its place in the definition, as JSON of a `WorkflowTask`; the server always has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_task: Option<Arc<RawValue>>,
    /// Domain of its queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Input as a protobuf message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_message: Option<AnyMessage>,
    /// Output as a protobuf message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_message: Option<AnyMessage>,
    /// Tasks of this definition that may start in one window; 0 is no limit.
    pub rate_limit_per_frequency: i32,
    /// Length of that window, in seconds.
    pub rate_limit_frequency_in_seconds: i32,
    /// Where an external input lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_input_payload_storage_path: Option<String>,
    /// Where an external output lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_output_payload_storage_path: Option<String>,
    /// Priority of the workflow, 0 to 99.
    pub workflow_priority: i32,
    /// Name space of its queue; capital S.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_name_space: Option<String>,
    /// Isolation group of its queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation_group_id: Option<String>,
    /// Round of the DO_WHILE around it, from 1; 0 outside of one.
    pub iteration: i32,
    /// Id of the workflow it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_workflow_id: Option<String>,
    /// Whether the workflow it started was changed; lower-case `w` on the wire.
    #[serde(rename = "subworkflowChanged")]
    pub sub_workflow_changed: bool,
    /// Id of the task around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    /// Always the empty form.
    pub execution_metadata: EmptyExecutionMetadata,
    /// Names to secret values, on polled tasks only; left out when empty.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub runtime_metadata: Entries<String>,
    /// From schedule to start in ms; filled by the caller as 3.4 says.
    pub queue_wait_time: i64,
    /// Whether `iteration` is above 0; filled by the caller.
    pub loop_over_task: bool,
    /// The definition inside `workflow_task` once more, as JSON; null when there is none.
    pub task_definition: Option<Arc<RawValue>>,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            task_type: None,
            status: TaskStatus::Scheduled,
            input_data: empty_object(),
            output_data: empty_object(),
            reference_task_name: None,
            retry_count: 0,
            seq: 0,
            correlation_id: None,
            poll_count: 0,
            task_def_name: None,
            scheduled_time: 0,
            start_time: 0,
            end_time: 0,
            update_time: 0,
            first_start_time: 0,
            start_delay_in_seconds: 0,
            retried_task_id: None,
            retried: false,
            executed: false,
            callback_from_worker: true,
            response_timeout_seconds: 0,
            workflow_instance_id: None,
            workflow_type: None,
            task_id: None,
            reason_for_incompletion: None,
            callback_after_seconds: 0,
            worker_id: None,
            workflow_task: None,
            domain: None,
            input_message: None,
            output_message: None,
            rate_limit_per_frequency: 0,
            rate_limit_frequency_in_seconds: 0,
            external_input_payload_storage_path: None,
            external_output_payload_storage_path: None,
            workflow_priority: 0,
            execution_name_space: None,
            isolation_group_id: None,
            iteration: 0,
            sub_workflow_id: None,
            sub_workflow_changed: false,
            parent_task_id: None,
            execution_metadata: EmptyExecutionMetadata,
            runtime_metadata: Entries::new(),
            queue_wait_time: 0,
            loop_over_task: false,
            task_definition: None,
        }
    }
}

/// `{}` as raw JSON.
pub(crate) fn empty_object() -> Box<RawValue> {
    RawValue::from_string(String::from("{}")).expect("`{}` is JSON")
}

/// The execution metadata of a task, of which Fermata keeps none (`conductor-rest` 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EmptyExecutionMetadata;

impl Serialize for EmptyExecutionMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Nothing {}
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Empty {
            additional_context: Nothing,
            additional_context_map: Nothing,
            empty: bool,
        }
        Empty { additional_context: Nothing {}, additional_context_map: Nothing {}, empty: true }
            .serialize(serializer)
    }
}

/// A protobuf message of any type (`conductor-rest` 3.4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyMessage {
    /// URL of its type.
    #[serde(rename = "@type", deserialize_with = "lenient::text")]
    pub type_url: String,
    /// Its bytes in base64.
    #[serde(rename = "@value", deserialize_with = "lenient::text")]
    pub value: String,
}

/// One line of a task's log (`conductor-rest` 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskExecLog {
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub log: Option<String>,
    /// The task; overwritten by the server.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub task_id: Option<String>,
    /// When it was written, ms since the epoch; as the client sent it, else 0.
    #[serde(deserialize_with = "lenient::long")]
    pub created_time: i64,
}

/// Body of a request to skip a task (`conductor-rest` 3.10). An absent body reads as the default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SkipTaskRequest {
    /// Input to show on the skipped task, an object.
    #[serde(deserialize_with = "lenient::payload")]
    pub task_input: Option<Box<RawValue>>,
    /// Output to show on the skipped task, an object.
    #[serde(deserialize_with = "lenient::payload")]
    pub task_output: Option<Box<RawValue>>,
    /// Input as a protobuf message.
    pub task_input_message: Option<AnyMessage>,
    /// Output as a protobuf message.
    pub task_output_message: Option<AnyMessage>,
}
