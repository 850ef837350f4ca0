//! The requests that start, rerun and test a workflow.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::task::empty_object;
use super::{Entries, TaskResultStatus, WorkflowDef, lenient};

/// What to do when an idempotency key was used before (`conductor-rest` 3.9). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IdempotencyStrategy {
    /// Refuse the start.
    Fail,
    /// Answer the id of the earlier run.
    ReturnExisting,
    /// Refuse the start while the earlier run goes on.
    FailOnRunning,
}

/// Request to start a workflow (`conductor-rest` 3.9).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StartWorkflowRequest {
    /// Name of the definition; none is a validation error.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub name: Option<String>,
    /// Version of the definition; none is the latest.
    #[serde(deserialize_with = "lenient::opt_int")]
    pub version: Option<i32>,
    /// Correlation id.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub correlation_id: Option<String>,
    /// Input, an object: `{}` when absent, none when the client sent null (an error without an
    /// external path).
    #[serde(deserialize_with = "lenient::payload")]
    pub input: Option<Box<RawValue>>,
    /// Task type to domain: empty when absent, none when the client sent null.
    #[serde(deserialize_with = "lenient::text_map")]
    pub task_to_domain: Option<Entries<String>>,
    /// A definition to run instead of a registered one.
    pub workflow_def: Option<Box<WorkflowDef>>,
    /// Where an external input lies.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub external_input_payload_storage_path: Option<String>,
    /// Priority, 0 to 99; not checked here.
    #[serde(deserialize_with = "lenient::int")]
    pub priority: i32,
    /// Who starts it.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub created_by: Option<String>,
    /// Key under which a second start is the same start.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub idempotency_key: Option<String>,
    /// What a second start under the key gets.
    pub idempotency_strategy: Option<IdempotencyStrategy>,
}

impl Default for StartWorkflowRequest {
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            correlation_id: None,
            input: Some(empty_object()),
            task_to_domain: Some(Entries::new()),
            workflow_def: None,
            external_input_payload_storage_path: None,
            priority: 0,
            created_by: None,
            idempotency_key: None,
            idempotency_strategy: None,
        }
    }
}

/// Request to run a workflow again from one of its tasks (`conductor-rest` 3.10).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RerunWorkflowRequest {
    /// Overwritten by the id of the path.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub re_run_from_workflow_id: Option<String>,
    /// New input, an object; none keeps the old one.
    #[serde(deserialize_with = "lenient::payload")]
    pub workflow_input: Option<Box<RawValue>>,
    /// The task to start from; none is the start of the workflow, `""` is no task.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub re_run_from_task_id: Option<String>,
    /// New input of that task, an object; none keeps the old one.
    #[serde(deserialize_with = "lenient::payload")]
    pub task_input: Option<Box<RawValue>>,
    /// New correlation id; none keeps the old one.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub correlation_id: Option<String>,
}

/// Request to run a workflow with given task outputs (`conductor-rest` 3.10): a
/// [`StartWorkflowRequest`] and the outputs.
///
/// The fields are repeated because raw payloads cannot be read through a flattened struct.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowTestRequest {
    /// Name of the definition; none is a validation error.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub name: Option<String>,
    /// Version of the definition; none is the latest.
    #[serde(deserialize_with = "lenient::opt_int")]
    pub version: Option<i32>,
    /// Correlation id.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub correlation_id: Option<String>,
    /// Input, an object: `{}` when absent, none when the client sent null.
    #[serde(deserialize_with = "lenient::payload")]
    pub input: Option<Box<RawValue>>,
    /// Task type to domain: empty when absent, none when the client sent null.
    #[serde(deserialize_with = "lenient::text_map")]
    pub task_to_domain: Option<Entries<String>>,
    /// A definition to run instead of a registered one.
    pub workflow_def: Option<Box<WorkflowDef>>,
    /// Where an external input lies.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub external_input_payload_storage_path: Option<String>,
    /// Priority, 0 to 99; not checked here.
    #[serde(deserialize_with = "lenient::int")]
    pub priority: i32,
    /// Who starts it.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub created_by: Option<String>,
    /// Key under which a second start is the same start.
    #[serde(deserialize_with = "lenient::opt_text")]
    pub idempotency_key: Option<String>,
    /// What a second start under the key gets.
    pub idempotency_strategy: Option<IdempotencyStrategy>,
    /// Task reference to the outcomes of its attempts, in order.
    #[serde(deserialize_with = "lenient::list_map")]
    pub task_ref_to_mock_output: Entries<Vec<TaskMock>>,
    /// Task reference to the test of the workflow it starts.
    #[serde(deserialize_with = "lenient::or_default")]
    pub sub_workflow_test_request: Entries<WorkflowTestRequest>,
}

impl Default for WorkflowTestRequest {
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            correlation_id: None,
            input: Some(empty_object()),
            task_to_domain: Some(Entries::new()),
            workflow_def: None,
            external_input_payload_storage_path: None,
            priority: 0,
            created_by: None,
            idempotency_key: None,
            idempotency_strategy: None,
            task_ref_to_mock_output: Entries::new(),
            sub_workflow_test_request: Entries::new(),
        }
    }
}

/// Given outcome of one attempt at a task (`conductor-rest` 3.10).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskMock {
    /// The outcome.
    #[serde(deserialize_with = "mock_status")]
    pub status: TaskResultStatus,
    /// Output, an object; none counts as `{}`.
    #[serde(deserialize_with = "lenient::payload")]
    pub output: Option<Box<RawValue>>,
    /// How long the attempt takes, in ms.
    #[serde(deserialize_with = "lenient::long")]
    pub execution_time: i64,
    /// How long the attempt waits in its queue, in ms.
    #[serde(deserialize_with = "lenient::long")]
    pub queue_wait_time: i64,
}

impl Default for TaskMock {
    fn default() -> Self {
        Self {
            status: TaskResultStatus::Completed,
            output: None,
            execution_time: 0,
            queue_wait_time: 0,
        }
    }
}

fn mock_status<'de, D>(deserializer: D) -> Result<TaskResultStatus, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or(TaskResultStatus::Completed))
}
