//! Answers of synchronous starts and signals, and the messages of a workflow's queue.

use std::str::FromStr;

use fermata_types::{RunStatus, TaskStatus};
use serde::Serialize;
use serde_json::value::RawValue;

use super::task::empty_object;
use super::{InstantText, Task};

/// What a synchronous call wants back (`conductor-rest` 1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnStrategy {
    /// The workflow of the request.
    #[default]
    TargetWorkflow,
    /// The workflow that holds the first blocking task.
    BlockingWorkflow,
    /// The first blocking task.
    BlockingTask,
    /// The first blocking task, asked for its input.
    BlockingTaskInput,
}

impl FromStr for ReturnStrategy {
    type Err = UnknownReturnStrategy;

    fn from_str(text: &str) -> Result<Self, UnknownReturnStrategy> {
        match text {
            "TARGET_WORKFLOW" => Ok(Self::TargetWorkflow),
            "BLOCKING_WORKFLOW" => Ok(Self::BlockingWorkflow),
            "BLOCKING_TASK" => Ok(Self::BlockingTask),
            "BLOCKING_TASK_INPUT" => Ok(Self::BlockingTaskInput),
            _ => Err(UnknownReturnStrategy),
        }
    }
}

/// A text that names no [`ReturnStrategy`]; names are case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownReturnStrategy;

impl std::fmt::Display for UnknownReturnStrategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "returnStrategy: expected TARGET_WORKFLOW, BLOCKING_WORKFLOW, BLOCKING_TASK or \
             BLOCKING_TASK_INPUT",
        )
    }
}

impl std::error::Error for UnknownReturnStrategy {}

/// A workflow as the answer of a synchronous call (`conductor-rest` 3.12).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRun {
    /// The strategy that was asked for.
    pub response_type: ReturnStrategy,
    /// Id of the workflow of the request.
    pub target_workflow_id: String,
    /// Status of the workflow of the request.
    pub target_workflow_status: RunStatus,
    /// The request's id, echoed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Id of the workflow shown.
    pub workflow_id: String,
    /// Its correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Its input, an object.
    pub input: Box<RawValue>,
    /// Its output, an object.
    pub output: Box<RawValue>,
    /// Whether the time to wait passed first.
    pub signal_timeout: bool,
    /// Its priority, 0 to 99.
    pub priority: i32,
    /// Its variables, an object.
    pub variables: Box<RawValue>,
    /// Its tasks, by sequence.
    pub tasks: Vec<Task>,
    /// Who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When it was created, ms since the epoch.
    pub create_time: i64,
    /// Its status.
    pub status: RunStatus,
    /// When it was last changed, ms since the epoch; 0 if never.
    pub update_time: i64,
}

impl Default for WorkflowRun {
    fn default() -> Self {
        Self {
            response_type: ReturnStrategy::TargetWorkflow,
            target_workflow_id: String::new(),
            target_workflow_status: RunStatus::Running,
            request_id: None,
            workflow_id: String::new(),
            correlation_id: None,
            input: empty_object(),
            output: empty_object(),
            signal_timeout: false,
            priority: 0,
            variables: empty_object(),
            tasks: Vec::new(),
            created_by: None,
            create_time: 0,
            status: RunStatus::Running,
            update_time: 0,
        }
    }
}

/// A task as the answer of a synchronous call (`conductor-rest` 3.12).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskRun {
    /// The strategy that was asked for.
    pub response_type: ReturnStrategy,
    /// Id of the workflow of the request.
    pub target_workflow_id: String,
    /// Status of the workflow of the request.
    pub target_workflow_status: RunStatus,
    /// The request's id, echoed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Id of the workflow that holds the task.
    pub workflow_id: String,
    /// Its correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Input of the task, an object.
    pub input: Box<RawValue>,
    /// Output of the task, an object.
    pub output: Box<RawValue>,
    /// Whether the time to wait passed first.
    pub signal_timeout: bool,
    /// Type of the task.
    pub task_type: String,
    /// Id of the task.
    pub task_id: String,
    /// Reference of the task.
    pub reference_task_name: String,
    /// Number of the attempt, from 0.
    pub retry_count: i32,
    /// Name of the task definition.
    pub task_def_name: String,
    /// Id of the attempt before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retried_task_id: Option<String>,
    /// Name of the workflow.
    pub workflow_type: String,
    /// Why the task did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_for_incompletion: Option<String>,
    /// Priority of the workflow, 0 to 99.
    pub priority: i32,
    /// Variables; the reference server never sets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<Box<RawValue>>,
    /// Tasks; the reference server never sets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<Task>>,
    /// The worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When the task started, ms since the epoch.
    pub create_time: i64,
    /// When the task was last changed, ms since the epoch.
    pub update_time: i64,
    /// Status of the task.
    pub status: TaskStatus,
}

impl Default for TaskRun {
    fn default() -> Self {
        Self {
            response_type: ReturnStrategy::BlockingTask,
            target_workflow_id: String::new(),
            target_workflow_status: RunStatus::Running,
            request_id: None,
            workflow_id: String::new(),
            correlation_id: None,
            input: empty_object(),
            output: empty_object(),
            signal_timeout: false,
            task_type: String::new(),
            task_id: String::new(),
            reference_task_name: String::new(),
            retry_count: 0,
            task_def_name: String::new(),
            retried_task_id: None,
            workflow_type: String::new(),
            reason_for_incompletion: None,
            priority: 0,
            variables: None,
            tasks: None,
            created_by: None,
            create_time: 0,
            update_time: 0,
            status: TaskStatus::Scheduled,
        }
    }
}

/// One message of a workflow's queue (`conductor-rest` 3.16).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowMessage {
    /// Id the server gave the message.
    pub id: String,
    /// The workflow it was sent to.
    pub workflow_id: String,
    /// What was sent, an object.
    pub payload: Box<RawValue>,
    /// When it came in.
    pub received_at: InstantText,
}
