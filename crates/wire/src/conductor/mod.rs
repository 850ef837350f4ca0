//! The REST surface of the reference server, field for field (`conductor-rest` 0, 2, 3 and 5).
//!
//! Answers are written only: null bean properties are left out, while empty lists, maps, zeros and
//! `false` are written. Requests are read only, with the leniency of [`lenient`]; unknown fields
//! are ignored. Definitions ([`metadata`]) do both. Payloads are raw JSON and never parsed here,
//! so requests have to be read straight from text (`serde_json::from_slice` or `from_str`).
//!
//! Read [`task`] first, then [`workflow`], then [`lenient`].

pub mod bulk;
pub mod entries;
pub mod error;
pub mod event;
pub mod lenient;
pub mod metadata;
pub mod queue;
pub mod search;
pub mod signal;
pub mod start;
pub mod task;
pub mod task_result;
pub mod time_text;
pub mod workflow;

pub use bulk::BulkResponse;
pub use entries::Entries;
pub use error::{ErrorBody, ValidationError};
pub use event::EventHandler;
pub use metadata::{
    CacheConfig, InlineDefinition, RateLimitConfig, SchemaDef, StateChangeEvent, SubWorkflowParams,
    TaskDef, WorkflowDef, WorkflowDefSummary, WorkflowTask,
};
pub use queue::{PollData, ShardSize};
pub use search::{SearchResult, TaskSummary, WorkflowSummary};
pub use signal::{ReturnStrategy, TaskRun, WorkflowMessage, WorkflowRun};
pub use start::{
    IdempotencyStrategy, RerunWorkflowRequest, StartWorkflowRequest, TaskMock, WorkflowTestRequest,
};
pub use task::{AnyMessage, EmptyExecutionMetadata, SkipTaskRequest, Task, TaskExecLog};
pub use task_result::{TaskResult, TaskResultStatus, UnknownTaskResultStatus};
pub use time_text::{InstantText, SummaryTime};
pub use workflow::{TokenUsage, Workflow, WorkflowStatusSummary};
