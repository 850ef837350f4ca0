//! What expressions are resolved against: the run, its tasks, and a few named texts.

use std::borrow::Cow;

use serde_json::Value;

/// Whose fields an expression reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The run itself: `${workflow.…}`.
    Workflow,
    /// The last task under a reference name: `${name.…}`.
    Task(String),
}

impl Source {
    /// The source that a path's first name means.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == "workflow" { Self::Workflow } else { Self::Task(name.to_owned()) }
    }

    /// The fields this source has, in the order of the document.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        match self {
            Self::Workflow => WORKFLOW_FIELDS,
            Self::Task(_) => TASK_FIELDS,
        }
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A field of the run or of a task that expressions may read
        /// (`conductor-semantics` 7.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field { $($(#[$doc])* $variant,)* }

        impl Field {
            /// The name in a path.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

fields! {
    /// Input, of both.
    Input = "input",
    /// Output, of both.
    Output = "output",
    /// Status, of both.
    Status = "status",
    /// Why it failed, of both.
    ReasonForIncompletion = "reasonForIncompletion",
    /// Correlation id of the run, on both.
    CorrelationId = "correlationId",
    /// Id of the run.
    WorkflowId = "workflowId",
    /// Id of the parent run.
    ParentWorkflowId = "parentWorkflowId",
    /// Id of the parent's task.
    ParentWorkflowTaskId = "parentWorkflowTaskId",
    /// Name of the workflow.
    WorkflowType = "workflowType",
    /// Version of the workflow.
    Version = "version",
    /// Schema version of the definition.
    SchemaVersion = "schemaVersion",
    /// Variables of the run.
    Variables = "variables",
    /// Type of the task.
    TaskType = "taskType",
    /// Reference name of the task.
    ReferenceTaskName = "referenceTaskName",
    /// Number of retries before this attempt.
    RetryCount = "retryCount",
    /// Number of polls.
    PollCount = "pollCount",
    /// Name of the task definition.
    TaskDefName = "taskDefName",
    /// Time of scheduling, ms.
    ScheduledTime = "scheduledTime",
    /// Time of the first lease, ms.
    StartTime = "startTime",
    /// Time of the end, ms.
    EndTime = "endTime",
    /// Id of the run, on a task.
    WorkflowInstanceId = "workflowInstanceId",
    /// Id of the task.
    TaskId = "taskId",
    /// Seconds until the task is handed out again.
    CallbackAfterSeconds = "callbackAfterSeconds",
    /// Who worked on it last.
    WorkerId = "workerId",
    /// Iteration of the loop the task is in.
    Iteration = "iteration",
}

/// Fields of the run, in the order of `conductor-semantics` 7.3.
pub const WORKFLOW_FIELDS: &[Field] = &[
    Field::Input,
    Field::Output,
    Field::Status,
    Field::WorkflowId,
    Field::ParentWorkflowId,
    Field::ParentWorkflowTaskId,
    Field::WorkflowType,
    Field::Version,
    Field::CorrelationId,
    Field::ReasonForIncompletion,
    Field::SchemaVersion,
    Field::Variables,
];

/// Fields of a task, in the order of `conductor-semantics` 7.3.
pub const TASK_FIELDS: &[Field] = &[
    Field::Input,
    Field::Output,
    Field::TaskType,
    Field::Status,
    Field::ReferenceTaskName,
    Field::RetryCount,
    Field::CorrelationId,
    Field::PollCount,
    Field::TaskDefName,
    Field::ScheduledTime,
    Field::StartTime,
    Field::EndTime,
    Field::WorkflowInstanceId,
    Field::TaskId,
    Field::ReasonForIncompletion,
    Field::CallbackAfterSeconds,
    Field::WorkerId,
    Field::Iteration,
];

impl Field {
    /// The field of `source` under this name, if there is one.
    #[must_use]
    pub fn of(source: &Source, name: &str) -> Option<Self> {
        source.fields().iter().copied().find(|field| field.as_str() == name)
    }
}

/// The three names that are texts of the server, not paths (`conductor-semantics` 7.2 rule 5).
/// The process environment is not among them (quirk 45).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemParameter {
    /// `CPEWF_TASK_ID`: id of the task whose input is resolved.
    TaskId,
    /// `NETFLIX_ENV`.
    Environment,
    /// `NETFLIX_STACK`.
    Stack,
}

impl SystemParameter {
    /// The parameter of exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::TaskId, Self::Environment, Self::Stack]
            .into_iter()
            .find(|parameter| parameter.as_str() == name)
    }

    /// The name in an expression.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TaskId => "CPEWF_TASK_ID",
            Self::Environment => "NETFLIX_ENV",
            Self::Stack => "NETFLIX_STACK",
        }
    }
}

/// What a document says about a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup<'a, K> {
    /// The whole field, parsed.
    Value(Cow<'a, Value>),
    /// There is no such task yet, or it has no such field: reads as null.
    Absent,
    /// It exists, but its bytes are not in memory: fetch `K` and resolve again.
    Unavailable(K),
}

/// What expressions are resolved against. Lookups must answer the same within one resolution.
pub trait Document {
    /// Names something to be fetched before another attempt.
    type Key;

    /// The whole field of a source, for instance the output of a task. For a task inside a loop,
    /// the name without suffix means the last one (`conductor-semantics` 7.3).
    fn lookup(&self, source: &Source, field: Field) -> Lookup<'_, Self::Key>;

    /// Reference names of all tasks that exist, for expressions that range over the whole
    /// document (`${$..x}`). Asked only by those.
    fn task_references(&self) -> Vec<String> {
        Vec::new()
    }

    /// A value of the environment store, for `${workflow.env.NAME}`.
    fn environment(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// A text of the server; `None` leaves the expression literal.
    fn system(&self, parameter: SystemParameter) -> Option<String> {
        let _ = parameter;
        None
    }

    /// How maps and lists are written inside longer texts.
    fn rendering(&self) -> super::Rendering {
        super::Rendering::Json
    }
}
