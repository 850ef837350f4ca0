//! Every request: the least body a client sends, nulls everywhere, loose scalars, unknown fields.

use fermata_wire::conductor::{
    IdempotencyStrategy, RerunWorkflowRequest, SkipTaskRequest, StartWorkflowRequest, TaskExecLog,
    TaskResult, TaskResultStatus, WorkflowTestRequest,
};
use insta::assert_debug_snapshot;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

fn read<T: DeserializeOwned>(body: &str) -> T {
    serde_json::from_slice(body.as_bytes()).expect(body)
}

fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
    serde_json::from_slice::<T>(body.as_bytes()).expect_err(body).to_string()
}

fn text(raw: Option<&RawValue>) -> Option<&str> {
    raw.map(RawValue::get)
}

#[test]
fn start_with_a_name_only() {
    assert_debug_snapshot!("start_least", read::<StartWorkflowRequest>(r#"{"name":"checkout"}"#));
}

#[test]
fn start_with_everything() {
    assert_debug_snapshot!(
        "start_full",
        read::<StartWorkflowRequest>(
            r#"{"name":"checkout","version":2,"correlationId":"c","input":{ "a": 1.50 },
                "taskToDomain":{"*":"eu"},"workflowDef":{"name":"inline"},
                "externalInputPayloadStoragePath":"p","priority":5,"createdBy":"me",
                "idempotencyKey":"k","idempotencyStrategy":"FAIL_ON_RUNNING"}"#
        )
    );
}

#[test]
fn start_with_nulls_everywhere_tells_null_from_absent() {
    assert_debug_snapshot!(
        "start_nulls",
        read::<StartWorkflowRequest>(
            r#"{"name":null,"version":null,"correlationId":null,"input":null,
                "taskToDomain":null,"workflowDef":null,"externalInputPayloadStoragePath":null,
                "priority":null,"createdBy":null,"idempotencyKey":null,
                "idempotencyStrategy":null}"#
        )
    );
    assert_eq!(text(read::<StartWorkflowRequest>("{}").input.as_deref()), Some("{}"));
    assert_eq!(text(read::<StartWorkflowRequest>(r#"{"input":null}"#).input.as_deref()), None);
}

#[test]
fn start_with_loose_scalars_and_unknown_fields() {
    let start: StartWorkflowRequest = read(
        r#"{"name":12,"version":"3","priority":4.7,"correlationId":true,"taskToDomain":{"t":1},
            "waitUntil":{"x":[]},"idempotencyStrategy":"FAIL"}"#,
    );
    assert_eq!(start.name.as_deref(), Some("12"));
    assert_eq!((start.version, start.priority), (Some(3), 4));
    assert_eq!(start.correlation_id.as_deref(), Some("true"));
    assert_eq!(start.idempotency_strategy, Some(IdempotencyStrategy::Fail));
    let domains = start.task_to_domain.expect("given");
    assert_eq!(domains.get("t").map(String::as_str), Some("1"));
}

#[test]
fn start_refuses_what_has_no_reading() {
    for (body, reason) in [
        (r#"{"input":[1]}"#, "expected a JSON object or null"),
        (r#"{"input":"{}"}"#, "expected a JSON object or null"),
        (r#"{"priority":"high"}"#, "expected a whole number"),
        (r#"{"priority":3000000000}"#, "3000000000 does not fit 32 bits"),
        (r#"{"name":{}}"#, "expected a text"),
        (r#"{"idempotencyStrategy":"fail"}"#, "unknown variant `fail`"),
        (r#"{"taskToDomain":[]}"#, "expected a JSON object"),
        (r#"{"input":{"a":}}"#, "expected value"),
        ("null", "expected struct StartWorkflowRequest"),
    ] {
        let error = refusal::<StartWorkflowRequest>(body);
        assert!(error.contains(reason), "{body}: {error}");
    }
}

#[test]
fn result_as_the_python_and_javascript_workers_send_it() {
    assert_debug_snapshot!(
        "result_least",
        read::<TaskResult>(
            r#"{"workflowInstanceId":"w-1","taskId":"t-1","workerId":"worker-7",
                "status":"COMPLETED","outputData":{"result":null},
                "logs":[{"log":"done","createdTime":12,"taskId":"t-1"}]}"#
        )
    );
}

#[test]
fn result_that_only_extends_the_lease() {
    let result: TaskResult = read(
        r#"{"taskId":"t-1","workflowInstanceId":"w-1","status":"IN_PROGRESS","extendLease":true}"#,
    );
    assert!(result.extend_lease);
    assert_eq!(result.status, Some(TaskResultStatus::InProgress));
    // Java sends the polled task as it came, with fields a result does not have.
    let polled: TaskResult = read(
        r#"{"taskId":"t-1","workflowInstanceId":"w-1","status":null,"extendLease":"true",
            "inputData":{"a":1},"executionMetadata":{"additionalContext":{}},
            "taskDefinition":null,"seq":3,"outputData":{}}"#,
    );
    assert!(polled.extend_lease);
    assert_eq!(polled.status, None);
}

#[test]
fn result_with_nulls_everywhere() {
    assert_debug_snapshot!(
        "result_nulls",
        read::<TaskResult>(
            r#"{"workflowInstanceId":null,"taskId":null,"status":null,
                "reasonForIncompletion":null,"callbackAfterSeconds":null,"workerId":null,
                "outputData":null,"outputMessage":null,"executionMetadata":null,"logs":null,
                "externalOutputPayloadStoragePath":null,"subWorkflowId":null,
                "extendLease":null,"supportsCancellation":null}"#
        )
    );
}

#[test]
fn result_with_loose_scalars_and_unknown_fields() {
    let result: TaskResult = read(
        r#"{"taskId":5,"callbackAfterSeconds":"30","extendLease":0,"supportsCancellation":1,
            "reasonForIncompletion":404,"outputMessage":{"@type":"t","@value":null,"more":1},
            "logs":[{"log":1,"createdTime":"7"},{}],"unheardOf":[{"a":1}]}"#,
    );
    assert_eq!((result.task_id.as_str(), result.callback_after_seconds), ("5", 30));
    assert!(!result.extend_lease && result.supports_cancellation);
    assert_eq!(result.reason_for_incompletion.as_deref(), Some("404"));
    let message = result.output_message.expect("given");
    assert_eq!((message.type_url.as_str(), message.value.as_str()), ("t", ""));
    let log = TaskExecLog { log: Some("1".to_owned()), task_id: None, created_time: 7 };
    assert_eq!(result.logs, [log, TaskExecLog::default()]);
}

#[test]
fn result_keeps_its_output_as_it_was_spelled() {
    let result: TaskResult = read(r#"{"outputData": { "n": 1.50e3, "n": "twice" } }"#);
    let output = text(result.output_data.as_deref());
    assert_eq!(output, Some(r#"{ "n": 1.50e3, "n": "twice" }"#));
}

#[test]
fn result_refuses_an_unknown_status_by_name() {
    let error = refusal::<TaskResult>(r#"{"taskId":"t-1","status":"DONE"}"#);
    assert!(error.contains("status: unknown task result status \"DONE\""), "{error}");
    for body in [
        r#"{"status":"SCHEDULED"}"#,
        r#"{"status":"TIMED_OUT"}"#,
        r#"{"status":"completed"}"#,
        r#"{"status":1}"#,
        r#"{"outputData":[]}"#,
        r#"{"logs":{}}"#,
        r#"{"extendLease":"maybe"}"#,
    ] {
        refusal::<TaskResult>(body);
    }
}

#[test]
fn rerun_in_all_forms() {
    let least: RerunWorkflowRequest = read("{}");
    assert!(least.re_run_from_task_id.is_none() && least.workflow_input.is_none());
    assert_debug_snapshot!(
        "rerun_full",
        read::<RerunWorkflowRequest>(
            r#"{"reRunFromWorkflowId":"w-1","workflowInput":{"a":1},"reRunFromTaskId":"",
                "taskInput":{},"correlationId":9,"unknown":true}"#
        )
    );
    let nulls: RerunWorkflowRequest = read(
        r#"{"reRunFromWorkflowId":null,"workflowInput":null,"reRunFromTaskId":null,
            "taskInput":null,"correlationId":null}"#,
    );
    assert!(nulls.re_run_from_task_id.is_none() && nulls.task_input.is_none());
}

#[test]
fn skip_in_all_forms() {
    let least: SkipTaskRequest = read("{}");
    assert!(least.task_input.is_none() && least.task_output.is_none());
    let nulls: SkipTaskRequest = read(
        r#"{"taskInput":null,"taskOutput":null,"taskInputMessage":null,
            "taskOutputMessage":null}"#,
    );
    assert!(nulls.task_output.is_none() && nulls.task_output_message.is_none());
    let full: SkipTaskRequest = read(
        r#"{"taskInput":{"i":1},"taskOutput":{"o":1},"taskInputMessage":{"@type":"t"},
            "taskOutputMessage":{"@value":"AQ=="},"reason":"unknown"}"#,
    );
    assert_eq!(text(full.task_input.as_deref()), Some(r#"{"i":1}"#));
    assert_eq!(text(full.task_output.as_deref()), Some(r#"{"o":1}"#));
    assert_eq!(full.task_output_message.expect("given").value, "AQ==");
    refusal::<SkipTaskRequest>(r#"{"taskOutput":"text"}"#);
}

#[test]
fn test_in_all_forms() {
    assert_debug_snapshot!("test_least", read::<WorkflowTestRequest>(r#"{"name":"checkout"}"#));
    assert_debug_snapshot!(
        "test_full",
        read::<WorkflowTestRequest>(
            r#"{"name":"checkout","version":1,"input":{"a":1},
                "taskRefToMockOutput":{"z_ref":[{"status":"FAILED","output":{"o":1},
                    "executionTime":"5","queueWaitTime":6.5},{}],"a_ref":null},
                "subWorkflowTestRequest":{"sub_ref":{"name":"child","input":null}},
                "mockAll":true}"#
        )
    );
    let nulls: WorkflowTestRequest = read(
        r#"{"name":null,"input":null,"taskToDomain":null,"priority":null,
            "taskRefToMockOutput":null,"subWorkflowTestRequest":null}"#,
    );
    assert!(nulls.task_ref_to_mock_output.is_empty());
    assert!(nulls.sub_workflow_test_request.is_empty());
    let mock: WorkflowTestRequest =
        read(r#"{"taskRefToMockOutput":{"r":[{"status":null,"output":null}]}}"#);
    let mocks = mock.task_ref_to_mock_output.get("r").expect("given");
    assert_eq!(mocks.first().map(|mock| mock.status), Some(TaskResultStatus::Completed));
}
