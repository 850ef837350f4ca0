//! Whatever a client sends, reading it answers with a value or an error.

use fermata_wire::conductor::{
    RerunWorkflowRequest, SkipTaskRequest, StartWorkflowRequest, TaskDef, TaskResult, WorkflowDef,
    WorkflowTestRequest,
};
use proptest::prelude::*;
use serde_json::Value;

/// Keys that lead into the shapes, so that most values meet a field that reads them.
const KEYS: &[&str] = &[
    "name",
    "version",
    "input",
    "inputParameters",
    "taskToDomain",
    "workflowDef",
    "workflowDefinition",
    "priority",
    "idempotencyStrategy",
    "taskId",
    "status",
    "reasonForIncompletion",
    "callbackAfterSeconds",
    "outputData",
    "outputMessage",
    "logs",
    "log",
    "extendLease",
    "taskInput",
    "reRunFromTaskId",
    "taskRefToMockOutput",
    "subWorkflowTestRequest",
    "tasks",
    "type",
    "workflowTaskType",
    "decisionCases",
    "forkTasks",
    "loopOver",
    "subWorkflowParam",
    "taskDefinition",
    "onStateChange",
    "inputSchema",
    "data",
    "rateLimitConfig",
    "timeoutPolicy",
    "retryCount",
    "backoffScaleFactor",
    "asyncComplete",
    "inputTemplate",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        proptest::sample::select(vec!["1", "COMPLETED", "${a.b}", "true", "", "null"])
            .prop_map(Value::from),
    ];
    let key = prop_oneof![
        9 => proptest::sample::select(KEYS).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => proptest::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Reads the bytes as every request there is.
fn read_all(body: &[u8]) {
    let _ = serde_json::from_slice::<StartWorkflowRequest>(body);
    let _ = serde_json::from_slice::<TaskResult>(body);
    let _ = serde_json::from_slice::<RerunWorkflowRequest>(body);
    let _ = serde_json::from_slice::<SkipTaskRequest>(body);
    let _ = serde_json::from_slice::<WorkflowTestRequest>(body);
    let _ = serde_json::from_slice::<Vec<WorkflowDef>>(body);
    let _ = serde_json::from_slice::<Vec<TaskDef>>(body);
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        read_all(value.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        read_all(&body);
    }

    #[test]
    fn what_a_definition_was_written_as_reads_as_the_same(value in any_json()) {
        let body = value.to_string();
        if let Ok(def) = serde_json::from_str::<WorkflowDef>(&body) {
            let written = serde_json::to_string(&def).expect("definitions can be written");
            let read: WorkflowDef = serde_json::from_str(&written).expect("and read again");
            let again = serde_json::to_string(&read).expect("definitions can be written");
            prop_assert_eq!(again, written);
        }
        if let Ok(def) = serde_json::from_str::<TaskDef>(&body) {
            let written = serde_json::to_string(&def).expect("definitions can be written");
            let read: TaskDef = serde_json::from_str(&written).expect("and read again");
            let again = serde_json::to_string(&read).expect("definitions can be written");
            prop_assert_eq!(again, written);
        }
    }
}
