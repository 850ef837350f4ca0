//! Types of fields: what cannot be read as the type the reference server has there.

use serde_json::{Map, Value};

use super::finding::Report;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    Flag,
    List,
    Map,
}

impl Type {
    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Flag => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Flag => "true or false",
            Self::List => "a list",
            Self::Map => "an object",
        }
    }
}

/// Fields and their types, sorted by name.
pub(super) type Fields = &'static [(&'static str, Type)];

/// Adds a finding for each known field of another type. Null is absent; unknown fields are
/// ignored, as everywhere.
pub(super) fn check(map: &Map<String, Value>, prefix: &str, fields: Fields, report: &mut Report) {
    for (field, expected) in fields {
        let Some(value) = map.get(*field).filter(|value| !value.is_null()) else { continue };
        if !expected.admits(value) {
            let message = format!("{field} must be {}", expected.words());
            report.add(join(prefix, field), message, Some(value));
        }
    }
}

/// `prefix.field`, or the field alone at the root.
pub(super) fn join(prefix: &str, field: &str) -> String {
    if prefix.is_empty() { field.to_owned() } else { format!("{prefix}.{field}") }
}

/// Fields of a workflow definition (`conductor-rest` 3.1).
pub(super) const WORKFLOW: Fields = &[
    ("cacheConfig", Type::Map),
    ("description", Type::Text),
    ("enforceSchema", Type::Flag),
    ("failureWorkflow", Type::Text),
    ("failureWorkflowVersion", Type::Integer),
    ("inputParameters", Type::List),
    ("inputTemplate", Type::Map),
    ("maskedFields", Type::List),
    ("metadata", Type::Map),
    ("name", Type::Text),
    ("outputParameters", Type::Map),
    ("ownerEmail", Type::Text),
    ("rateLimitConfig", Type::Map),
    ("restartable", Type::Flag),
    ("schemaVersion", Type::Integer),
    ("tasks", Type::List),
    ("timeoutPolicy", Type::Text),
    ("timeoutSeconds", Type::Integer),
    ("variables", Type::Map),
    ("version", Type::Integer),
    ("workflowStatusListenerEnabled", Type::Flag),
    ("workflowStatusListenerSink", Type::Text),
];

/// Fields of a step (`conductor-rest` 3.2).
pub(super) const STEP: Fields = &[
    ("asyncComplete", Type::Flag),
    ("cacheConfig", Type::Map),
    ("caseExpression", Type::Text),
    ("caseValueParam", Type::Text),
    ("decisionCases", Type::Map),
    ("defaultCase", Type::List),
    ("defaultExclusiveJoinTask", Type::List),
    ("description", Type::Text),
    ("dynamicForkJoinTasksParam", Type::Text),
    ("dynamicForkTasksInputParamName", Type::Text),
    ("dynamicForkTasksParam", Type::Text),
    ("dynamicTaskNameParam", Type::Text),
    ("evaluatorType", Type::Text),
    ("expression", Type::Text),
    ("forkTasks", Type::List),
    ("inputParameters", Type::Map),
    ("items", Type::Text),
    ("joinMode", Type::Text),
    ("joinOn", Type::List),
    ("joinStatus", Type::Text),
    ("loopCondition", Type::Text),
    ("loopOver", Type::List),
    ("metadata", Type::Map),
    ("name", Type::Text),
    ("onStateChange", Type::Map),
    ("optional", Type::Flag),
    ("permissive", Type::Flag),
    ("rateLimited", Type::Flag),
    ("retryCount", Type::Integer),
    ("scriptExpression", Type::Text),
    ("sink", Type::Text),
    ("startDelay", Type::Integer),
    ("subWorkflowParam", Type::Map),
    ("taskDefinition", Type::Map),
    ("taskReferenceName", Type::Text),
    ("type", Type::Text),
    ("workflowTaskType", Type::Text),
];

/// Fields of a task definition (`conductor-rest` 3.3).
pub(super) const TASK: Fields = &[
    ("backoffJitterMs", Type::Integer),
    ("backoffScaleFactor", Type::Integer),
    ("baseType", Type::Text),
    ("concurrentExecLimit", Type::Integer),
    ("description", Type::Text),
    ("enforceSchema", Type::Flag),
    ("executionNameSpace", Type::Text),
    ("inputKeys", Type::List),
    ("inputTemplate", Type::Map),
    ("isolationGroupId", Type::Text),
    ("maxRetryDelaySeconds", Type::Integer),
    ("name", Type::Text),
    ("outputKeys", Type::List),
    ("ownerEmail", Type::Text),
    ("pollTimeoutSeconds", Type::Integer),
    ("rateLimitFrequencyInSeconds", Type::Integer),
    ("rateLimitPerFrequency", Type::Integer),
    ("responseTimeoutSeconds", Type::Integer),
    ("retryCount", Type::Integer),
    ("retryDelaySeconds", Type::Integer),
    ("retryLogic", Type::Text),
    ("runtimeMetadata", Type::List),
    ("taskStatusListenerEnabled", Type::Flag),
    ("timeoutPolicy", Type::Text),
    ("timeoutSeconds", Type::Integer),
    ("totalTimeoutSeconds", Type::Integer),
];
