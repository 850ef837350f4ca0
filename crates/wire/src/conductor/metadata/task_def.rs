//! Definitions of tasks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::SchemaDef;
use crate::conductor::lenient;

/// Definition of a task (`conductor-rest` 3.3, with the audit fields of 3.0 first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskDef {
    /// Owning application.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub owner_app: Option<String>,
    /// When it was created, ms since the epoch; 0 if not set.
    #[serde(deserialize_with = "lenient::long")]
    pub create_time: i64,
    /// When it was last changed, ms since the epoch; 0 if not set.
    #[serde(deserialize_with = "lenient::long")]
    pub update_time: i64,
    /// Who created it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub created_by: Option<String>,
    /// Who last changed it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub updated_by: Option<String>,
    /// Name; empty when missing, which is a validation error.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub description: Option<String>,
    /// Attempts after the first.
    #[serde(deserialize_with = "lenient::int")]
    pub retry_count: i32,
    /// Time an attempt may take, in seconds; 0 is no limit.
    #[serde(deserialize_with = "lenient::long")]
    pub timeout_seconds: i64,
    /// Time all attempts together may take, in seconds; 0 is no limit.
    #[serde(deserialize_with = "lenient::long")]
    pub total_timeout_seconds: i64,
    /// Names of inputs, for readers.
    #[serde(deserialize_with = "lenient::text_list")]
    pub input_keys: Vec<String>,
    /// Names of outputs, for readers.
    #[serde(deserialize_with = "lenient::text_list")]
    pub output_keys: Vec<String>,
    /// Names of secrets to hand out with the task.
    #[serde(deserialize_with = "lenient::text_list")]
    pub runtime_metadata: Vec<String>,
    /// What a timeout leads to.
    #[serde(deserialize_with = "lenient::or_default")]
    pub timeout_policy: TaskTimeoutPolicy,
    /// How the delay between attempts grows.
    #[serde(deserialize_with = "lenient::or_default")]
    pub retry_logic: RetryLogic,
    /// Delay before the first retry, in seconds.
    #[serde(deserialize_with = "lenient::int")]
    pub retry_delay_seconds: i32,
    /// Longest delay before a retry, in seconds; 0 is no limit.
    #[serde(deserialize_with = "lenient::int")]
    pub max_retry_delay_seconds: i32,
    /// Factor of linear backoff. Null reads as 1, so that a definition written down reads
    /// as the same one.
    #[serde(deserialize_with = "scale_factor")]
    pub backoff_scale_factor: i32,
    /// Largest random addition to a delay, in ms.
    #[serde(deserialize_with = "lenient::int")]
    pub backoff_jitter_ms: i32,
    /// Time a worker has between signs of life, in seconds.
    #[serde(deserialize_with = "lenient::long")]
    pub response_timeout_seconds: i64,
    /// Time it may wait in its queue, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_int")]
    pub poll_timeout_seconds: Option<i32>,
    /// Tasks of this definition in progress at a time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_int")]
    pub concurrent_exec_limit: Option<i32>,
    /// Inputs every task of this definition starts from.
    #[serde(deserialize_with = "lenient::json_map")]
    pub input_template: Map<String, Value>,
    /// Tasks that may start in one window; written as 0 when not set.
    #[serde(serialize_with = "or_zero", deserialize_with = "lenient::opt_int")]
    pub rate_limit_per_frequency: Option<i32>,
    /// Length of that window, in seconds; written as 1 when not set.
    #[serde(serialize_with = "or_one", deserialize_with = "lenient::opt_int")]
    pub rate_limit_frequency_in_seconds: Option<i32>,
    /// Isolation group of its queue.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub isolation_group_id: Option<String>,
    /// Name space of its queue; capital S.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub execution_name_space: Option<String>,
    /// Address of the owner.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub owner_email: Option<String>,
    /// The definition this one is based on.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub base_type: Option<String>,
    /// Whether changes of its tasks are published.
    #[serde(deserialize_with = "lenient::boolean")]
    pub task_status_listener_enabled: bool,
    /// Schema of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<SchemaDef>,
    /// Schema of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<SchemaDef>,
    /// Whether the schemas are enforced; unlike in a workflow, not by default.
    #[serde(deserialize_with = "lenient::boolean")]
    pub enforce_schema: bool,
}

impl Default for TaskDef {
    fn default() -> Self {
        Self {
            owner_app: None,
            create_time: 0,
            update_time: 0,
            created_by: None,
            updated_by: None,
            name: String::new(),
            description: None,
            retry_count: 3,
            timeout_seconds: 0,
            total_timeout_seconds: 0,
            input_keys: Vec::new(),
            output_keys: Vec::new(),
            runtime_metadata: Vec::new(),
            timeout_policy: TaskTimeoutPolicy::TimeOutWf,
            retry_logic: RetryLogic::Fixed,
            retry_delay_seconds: 60,
            max_retry_delay_seconds: 0,
            backoff_scale_factor: 1,
            backoff_jitter_ms: 0,
            response_timeout_seconds: 3600,
            poll_timeout_seconds: None,
            concurrent_exec_limit: None,
            input_template: Map::new(),
            rate_limit_per_frequency: None,
            rate_limit_frequency_in_seconds: None,
            isolation_group_id: None,
            execution_name_space: None,
            owner_email: None,
            base_type: None,
            task_status_listener_enabled: true,
            input_schema: None,
            output_schema: None,
            enforce_schema: false,
        }
    }
}

fn scale_factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    Ok(lenient::opt_int(deserializer)?.unwrap_or(1))
}

fn or_zero<S: Serializer>(value: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(value.unwrap_or(0))
}

fn or_one<S: Serializer>(value: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(value.unwrap_or(1))
}

/// What the timeout of a task leads to (`conductor-rest` 3.3). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskTimeoutPolicy {
    /// Another attempt.
    Retry,
    /// The end of the workflow.
    #[default]
    TimeOutWf,
    /// A note, and nothing else.
    AlertOnly,
}

/// How the delay between attempts grows (`conductor-rest` 3.3). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RetryLogic {
    /// Not at all.
    #[default]
    Fixed,
    /// It doubles.
    ExponentialBackoff,
    /// By the same step every time.
    LinearBackoff,
}
