//! Tasks inside a definition.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{CacheConfig, SubWorkflowParams, TaskDef};
use crate::conductor::{Entries, lenient};

/// The type of a task that names none (`conductor-rest` 3.2).
const DEFAULT_TYPE: &str = "SIMPLE";

/// A task inside a definition (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, rename_all = "camelCase")]
pub struct WorkflowTask {
    /// Name of the task definition; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Reference, unique in the definition; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub task_reference_name: String,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub description: Option<String>,
    /// Input as expressions.
    #[serde(deserialize_with = "lenient::json_map")]
    pub input_parameters: Map<String, Value>,
    /// Type; any text, unknown ones are worker tasks.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub task_type: String,
    /// DYNAMIC: the input that names the task.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub dynamic_task_name_param: Option<String>,
    /// DECISION: the input that names the case.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub case_value_param: Option<String>,
    /// DECISION: the script that names the case.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub case_expression: Option<String>,
    /// LAMBDA: the script.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub script_expression: Option<String>,
    /// SWITCH and DECISION: case to tasks, in order.
    #[serde(deserialize_with = "lenient::list_map")]
    pub decision_cases: Entries<Vec<WorkflowTask>>,
    /// FORK_JOIN_DYNAMIC: the input with tasks and inputs; deprecated.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub dynamic_fork_join_tasks_param: Option<String>,
    /// FORK_JOIN_DYNAMIC: the input with the tasks.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub dynamic_fork_tasks_param: Option<String>,
    /// FORK_JOIN_DYNAMIC: the input with the tasks' inputs.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub dynamic_fork_tasks_input_param_name: Option<String>,
    /// SWITCH and DECISION: tasks when no case matches.
    #[serde(deserialize_with = "lenient::list")]
    pub default_case: Vec<WorkflowTask>,
    /// FORK_JOIN: branches.
    #[serde(deserialize_with = "lenient::lists")]
    pub fork_tasks: Vec<Vec<WorkflowTask>>,
    /// Delay before it may be polled, in seconds.
    #[serde(deserialize_with = "lenient::int")]
    pub start_delay: i32,
    /// SUB_WORKFLOW: what to start; singular on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_workflow_param: Option<Box<SubWorkflowParams>>,
    /// JOIN: references to wait for.
    #[serde(deserialize_with = "lenient::text_list")]
    pub join_on: Vec<String>,
    /// JOIN: status.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub join_status: Option<String>,
    /// JOIN: when it is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_mode: Option<JoinMode>,
    /// EVENT: where to publish.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub sink: Option<String>,
    /// Whether the workflow goes on when it fails.
    #[serde(deserialize_with = "lenient::boolean")]
    pub optional: bool,
    /// Whether the workflow fails only after the tasks beside it have ended.
    #[serde(deserialize_with = "lenient::boolean")]
    pub permissive: bool,
    /// A task definition to use instead of a registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<Box<TaskDef>>,
    /// Whether a rate limit applies.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_boolean")]
    pub rate_limited: Option<bool>,
    /// EXCLUSIVE_JOIN: references to fall back to.
    #[serde(deserialize_with = "lenient::text_list")]
    pub default_exclusive_join_task: Vec<String>,
    /// Whether someone else completes the task. Null reads as false, so that a definition
    /// written down reads as the same one.
    #[serde(deserialize_with = "lenient::boolean")]
    pub async_complete: bool,
    /// DO_WHILE: the script that says whether to go on.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub loop_condition: Option<String>,
    /// DO_WHILE: tasks of one round.
    #[serde(deserialize_with = "lenient::list")]
    pub loop_over: Vec<WorkflowTask>,
    /// DO_WHILE: the list to go through.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub items: Option<String>,
    /// Attempts after the first, instead of the task definition's.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_int")]
    pub retry_count: Option<i32>,
    /// Language of `expression`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub evaluator_type: Option<String>,
    /// SWITCH and INLINE: the expression.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub expression: Option<String>,
    /// Change of state to the events it publishes.
    #[serde(deserialize_with = "lenient::list_map")]
    pub on_state_change: Entries<Vec<StateChangeEvent>>,
    /// How long results are kept for reuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_config: Option<CacheConfig>,
    /// Data of editors, without effect.
    #[serde(deserialize_with = "lenient::json_map")]
    pub metadata: Map<String, Value>,
    /// Another spelling of `type` on input; moved there on reading, never written.
    #[serde(skip_serializing, deserialize_with = "lenient::opt_text")]
    pub workflow_task_type: Option<String>,
}

impl<'de> Deserialize<'de> for WorkflowTask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived function of the same name; it is inherent because of `remote`. A serde
        // alias will not do, because clients may send both spellings.
        let mut task = Self::deserialize(deserializer)?;
        if let Some(task_type) = task.workflow_task_type.take() {
            task.task_type = task_type;
        }
        if task.task_type.is_empty() {
            DEFAULT_TYPE.clone_into(&mut task.task_type);
        }
        Ok(task)
    }
}

impl Serialize for WorkflowTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl Default for WorkflowTask {
    fn default() -> Self {
        Self {
            name: String::new(),
            task_reference_name: String::new(),
            description: None,
            input_parameters: Map::new(),
            task_type: DEFAULT_TYPE.to_owned(),
            dynamic_task_name_param: None,
            case_value_param: None,
            case_expression: None,
            script_expression: None,
            decision_cases: Entries::new(),
            dynamic_fork_join_tasks_param: None,
            dynamic_fork_tasks_param: None,
            dynamic_fork_tasks_input_param_name: None,
            default_case: Vec::new(),
            fork_tasks: Vec::new(),
            start_delay: 0,
            sub_workflow_param: None,
            join_on: Vec::new(),
            join_status: None,
            join_mode: None,
            sink: None,
            optional: false,
            permissive: false,
            task_definition: None,
            rate_limited: None,
            default_exclusive_join_task: Vec::new(),
            async_complete: false,
            loop_condition: None,
            loop_over: Vec::new(),
            items: None,
            retry_count: None,
            evaluator_type: None,
            expression: None,
            on_state_change: Entries::new(),
            cache_config: None,
            metadata: Map::new(),
            workflow_task_type: None,
        }
    }
}

/// When a JOIN is looked at (`conductor-rest` 3.2). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JoinMode {
    /// With the evaluation of the workflow.
    Sync,
    /// By its own polls.
    Async,
}

/// An event published on a change of a task's state (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StateChangeEvent {
    /// Type of the event; none when the client gave none.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::opt_text"
    )]
    pub event_type: Option<String>,
    /// What it carries.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_json_map")]
    pub payload: Option<Map<String, Value>>,
}
