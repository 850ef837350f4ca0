//! Definitions of workflows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CacheConfig, RateLimitConfig, SchemaDef, WorkflowTask};
use crate::conductor::lenient;

/// Definition of a workflow (`conductor-rest` 3.1, with the audit fields of 3.0 first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowDef {
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
    /// Version.
    #[serde(deserialize_with = "lenient::int")]
    pub version: i32,
    /// Tasks, in order; none is a validation error.
    #[serde(deserialize_with = "lenient::list")]
    pub tasks: Vec<WorkflowTask>,
    /// Names of inputs, for readers.
    #[serde(deserialize_with = "lenient::text_list")]
    pub input_parameters: Vec<String>,
    /// Output as expressions.
    #[serde(deserialize_with = "lenient::json_map")]
    pub output_parameters: Map<String, Value>,
    /// The workflow to start when this one fails.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub failure_workflow: Option<String>,
    /// Its version; none is the latest.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_int")]
    pub failure_workflow_version: Option<i32>,
    /// Version of this format; only 2 is valid.
    #[serde(deserialize_with = "lenient::int")]
    pub schema_version: i32,
    /// Whether a completed run may be restarted.
    #[serde(deserialize_with = "lenient::boolean")]
    pub restartable: bool,
    /// Whether changes of its runs are published.
    #[serde(deserialize_with = "lenient::boolean")]
    pub workflow_status_listener_enabled: bool,
    /// Where they are published.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub workflow_status_listener_sink: Option<String>,
    /// Address of the owner.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::opt_text")]
    pub owner_email: Option<String>,
    /// What a timeout leads to.
    #[serde(deserialize_with = "lenient::or_default")]
    pub timeout_policy: WorkflowTimeoutPolicy,
    /// Time a run may take, in seconds; 0 is no limit.
    #[serde(deserialize_with = "lenient::long")]
    pub timeout_seconds: i64,
    /// Variables every run starts with.
    #[serde(deserialize_with = "lenient::json_map")]
    pub variables: Map<String, Value>,
    /// Inputs every run starts from.
    #[serde(deserialize_with = "lenient::json_map")]
    pub input_template: Map<String, Value>,
    /// Limit on its runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_config: Option<RateLimitConfig>,
    /// Schema of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<SchemaDef>,
    /// Schema of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<SchemaDef>,
    /// Whether the schemas are enforced.
    #[serde(deserialize_with = "lenient::boolean")]
    pub enforce_schema: bool,
    /// Data of editors; source of the classifier.
    #[serde(deserialize_with = "lenient::json_map")]
    pub metadata: Map<String, Value>,
    /// How long results are kept for reuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_config: Option<CacheConfig>,
    /// Names of fields that readers must not see.
    #[serde(deserialize_with = "lenient::text_list")]
    pub masked_fields: Vec<String>,
}

impl Default for WorkflowDef {
    fn default() -> Self {
        Self {
            owner_app: None,
            create_time: 0,
            update_time: 0,
            created_by: None,
            updated_by: None,
            name: String::new(),
            description: None,
            version: 1,
            tasks: Vec::new(),
            input_parameters: Vec::new(),
            output_parameters: Map::new(),
            failure_workflow: None,
            failure_workflow_version: None,
            schema_version: 2,
            restartable: true,
            workflow_status_listener_enabled: false,
            workflow_status_listener_sink: None,
            owner_email: None,
            timeout_policy: WorkflowTimeoutPolicy::AlertOnly,
            timeout_seconds: 0,
            variables: Map::new(),
            input_template: Map::new(),
            rate_limit_config: None,
            input_schema: None,
            output_schema: None,
            enforce_schema: true,
            metadata: Map::new(),
            cache_config: None,
            masked_fields: Vec::new(),
        }
    }
}

/// What the timeout of a workflow leads to (`conductor-rest` 3.1). Case sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkflowTimeoutPolicy {
    /// Its end.
    TimeOutWf,
    /// A note, and nothing else.
    #[default]
    AlertOnly,
}

/// A definition in a list of names and versions (`conductor-rest` 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDefSummary {
    /// Name.
    pub name: String,
    /// Version.
    pub version: i32,
    /// When it was created, ms since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<i64>,
    /// When it was last changed, ms since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_time: Option<i64>,
}

impl Default for WorkflowDefSummary {
    fn default() -> Self {
        Self { name: String::new(), version: 1, create_time: None, update_time: None }
    }
}
