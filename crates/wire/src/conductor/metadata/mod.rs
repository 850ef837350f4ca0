//! Definitions, which are both read and written (`conductor-rest` 3.0 to 3.3).
//!
//! Read leniently, written with the reference server's defaults. Nothing is validated here.

mod limits;
mod schema;
mod sub_workflow;
mod task_def;
mod workflow_def;
mod workflow_task;

pub use limits::{CacheConfig, RateLimitConfig, RateLimitPolicy};
pub use schema::{SchemaDef, SchemaType};
pub use sub_workflow::{InlineDefinition, SubWorkflowParams};
pub use task_def::{RetryLogic, TaskDef, TaskTimeoutPolicy};
pub use workflow_def::{WorkflowDef, WorkflowDefSummary, WorkflowTimeoutPolicy};
pub use workflow_task::{JoinMode, StateChangeEvent, WorkflowTask};
