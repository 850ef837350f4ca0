//! Every answer: the default value, and one with everything set.

use std::sync::Arc;

use fermata_types::{RunStatus, TaskStatus, Timestamp};
use fermata_wire::conductor::{
    AnyMessage, BulkResponse, EmptyExecutionMetadata, Entries, ErrorBody, InstantText, PollData,
    ReturnStrategy, SearchResult, ShardSize, SummaryTime, Task, TaskExecLog, TaskRun, TaskSummary,
    TokenUsage, ValidationError, Workflow, WorkflowDefSummary, WorkflowMessage, WorkflowRun,
    WorkflowStatusSummary, WorkflowSummary,
};
use insta::assert_snapshot;
use serde_json::value::RawValue;

use crate::pretty;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn shared(json: &str) -> Option<Arc<RawValue>> {
    Some(Arc::from(raw(json)))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn one(key: &str, value: &str) -> Entries<String> {
    [(key.to_owned(), value.to_owned())].into_iter().collect()
}

fn at(ms: i64) -> SummaryTime {
    SummaryTime(Timestamp::from_ms(ms))
}

fn message(value: &str) -> Option<AnyMessage> {
    Some(AnyMessage { type_url: "type/a.B".to_owned(), value: value.to_owned() })
}

fn full_task() -> Task {
    Task {
        task_type: some("charge"),
        status: TaskStatus::FailedWithTerminalError,
        input_data: raw(r#"{"amount":1.50,"none":null}"#),
        output_data: raw(r#"{"ok": false}"#),
        reference_task_name: some("charge_ref__2"),
        retry_count: 1,
        seq: 4,
        poll_count: 2,
        correlation_id: some("order-1"),
        task_def_name: some("charge"),
        scheduled_time: 1000,
        start_time: 1100,
        end_time: 1300,
        update_time: 1200,
        first_start_time: 0,
        start_delay_in_seconds: 5,
        retried_task_id: some("t-0"),
        retried: true,
        executed: true,
        callback_from_worker: false,
        response_timeout_seconds: 60,
        workflow_instance_id: some("w-1"),
        workflow_type: some("checkout"),
        task_id: some("t-1"),
        reason_for_incompletion: some("declined"),
        callback_after_seconds: 30,
        worker_id: some("worker-7"),
        workflow_task: shared(r#"{"name":"charge","taskReferenceName":"charge_ref"}"#),
        domain: some("eu"),
        input_message: message("AQ=="),
        output_message: message("Ag=="),
        rate_limit_per_frequency: 10,
        rate_limit_frequency_in_seconds: 1,
        external_input_payload_storage_path: some("in.json"),
        external_output_payload_storage_path: some("out.json"),
        workflow_priority: 9,
        execution_name_space: some("space"),
        isolation_group_id: some("group"),
        iteration: 2,
        sub_workflow_id: some("w-2"),
        sub_workflow_changed: true,
        parent_task_id: some("t-9"),
        execution_metadata: EmptyExecutionMetadata,
        runtime_metadata: one("API_KEY", "secret"),
        queue_wait_time: 100,
        loop_over_task: true,
        task_definition: shared(r#"{"name":"charge"}"#),
    }
}

fn full_workflow() -> Workflow {
    Workflow {
        owner_app: some("app"),
        create_time: 1000,
        update_time: 2000,
        created_by: some("me"),
        updated_by: some("you"),
        status: RunStatus::TimedOut,
        end_time: 3000,
        workflow_id: "w-1".to_owned(),
        parent_workflow_id: some("w-0"),
        parent_workflow_task_id: some("t-0"),
        tasks: vec![Task::default()],
        input: raw(r#"{"b":1,"a":2}"#),
        output: raw(r#"{"o":null}"#),
        correlation_id: some("order-1"),
        re_run_from_workflow_id: some("w-9"),
        reason_for_incompletion: some("too slow"),
        event: some("kafka:orders"),
        task_to_domain: Some(one("*", "eu")),
        failed_reference_task_names: vec!["charge_ref".to_owned()],
        failed_task_names: vec!["charge".to_owned()],
        workflow_definition: shared(r#"{"name":"checkout","version":3}"#),
        external_input_payload_storage_path: some("in.json"),
        external_output_payload_storage_path: some("out.json"),
        priority: 7,
        variables: raw(r#"{"v":[]}"#),
        last_retried_time: 1500,
        history: Vec::new(),
        idempotency_key: some("key"),
        rate_limit_key: some("limit"),
        rate_limited: true,
        aggregate_token_usage: Some(TokenUsage {
            prompt_tokens: 1,
            completion_tokens: 2,
            total_tokens: 3,
        }),
        start_time: 1000,
        workflow_name: "checkout".to_owned(),
        workflow_version: 3,
    }
}

#[test]
fn task() {
    assert_snapshot!("task_default", pretty(&Task::default()));
    assert_snapshot!("task_full", pretty(&full_task()));
}

#[test]
fn workflow() {
    assert_snapshot!("workflow_default", pretty(&Workflow::default()));
    assert_snapshot!("workflow_full", pretty(&full_workflow()));
}

#[test]
fn a_workflow_started_with_null_domains_shows_none() {
    let workflow = Workflow { task_to_domain: None, ..Workflow::default() };
    assert!(!pretty(&workflow).contains("taskToDomain"));
}

#[test]
fn workflow_status() {
    let full = WorkflowStatusSummary {
        workflow_id: "w-1".to_owned(),
        correlation_id: some("order-1"),
        output: Some(raw(r#"{"a":1}"#)),
        variables: Some(raw("{}")),
        status: RunStatus::Paused,
    };
    assert_snapshot!("workflow_status_default", pretty(&WorkflowStatusSummary::default()));
    assert_snapshot!("workflow_status_full", pretty(&full));
}

#[test]
fn workflow_summary() {
    let full = WorkflowSummary {
        workflow_type: some("checkout"),
        version: 3,
        workflow_id: some("w-1"),
        correlation_id: some("order-1"),
        start_time: at(1_755_777_600_000),
        update_time: at(1_755_777_600_120),
        end_time: Some(at(1_755_777_601_000)),
        status: RunStatus::Failed,
        input: some("{\"a\":1}"),
        output: some("{}"),
        reason_for_incompletion: some("declined"),
        execution_time: 1000,
        event: some("kafka:orders"),
        failed_reference_task_names: "a,b".to_owned(),
        failed_task_names: vec!["charge".to_owned()],
        external_input_payload_storage_path: some("in.json"),
        external_output_payload_storage_path: some("out.json"),
        priority: 7,
        created_by: some("me"),
        task_to_domain: one("*", "eu"),
        idempotency_key: some("key"),
        parent_workflow_id: "w-0".to_owned(),
        classifier: some("workflow"),
        input_size: 7,
        output_size: 2,
    };
    assert_snapshot!("workflow_summary_default", pretty(&WorkflowSummary::default()));
    assert_snapshot!("workflow_summary_full", pretty(&full));
}

#[test]
fn task_summary() {
    let full = TaskSummary {
        workflow_id: some("w-1"),
        workflow_type: some("checkout"),
        correlation_id: some("order-1"),
        scheduled_time: at(1000),
        start_time: at(1100),
        update_time: at(1200),
        end_time: at(1300),
        status: TaskStatus::CompletedWithErrors,
        reason_for_incompletion: some("declined"),
        execution_time: 200,
        queue_wait_time: 100,
        task_def_name: some("charge"),
        task_type: some("charge"),
        input: some("{}"),
        output: some("{}"),
        task_id: some("t-1"),
        external_input_payload_storage_path: some("in.json"),
        external_output_payload_storage_path: some("out.json"),
        workflow_priority: 7,
        domain: some("eu"),
    };
    assert_snapshot!("task_summary_default", pretty(&TaskSummary::default()));
    assert_snapshot!("task_summary_full", pretty(&full));
}

#[test]
fn search_result() {
    let hits = SearchResult { total_hits: 2, results: vec!["a"] };
    assert_snapshot!(json(&SearchResult::<String>::default()), @r#"{"totalHits":0,"results":[]}"#);
    assert_snapshot!(json(&hits), @r#"{"totalHits":2,"results":["a"]}"#);
}

#[test]
fn workflow_run() {
    let full = WorkflowRun {
        response_type: ReturnStrategy::BlockingWorkflow,
        target_workflow_id: "w-0".to_owned(),
        target_workflow_status: RunStatus::Running,
        request_id: some("r-1"),
        workflow_id: "w-1".to_owned(),
        correlation_id: some("order-1"),
        input: raw(r#"{"i":1}"#),
        output: raw(r#"{"o":1}"#),
        signal_timeout: true,
        priority: 7,
        variables: raw(r#"{"v":1}"#),
        tasks: vec![Task::default()],
        created_by: some("me"),
        create_time: 1000,
        status: RunStatus::Completed,
        update_time: 2000,
    };
    assert_snapshot!("workflow_run_default", pretty(&WorkflowRun::default()));
    assert_snapshot!("workflow_run_full", pretty(&full));
}

#[test]
fn task_run() {
    let full = TaskRun {
        response_type: ReturnStrategy::BlockingTaskInput,
        target_workflow_id: "w-0".to_owned(),
        target_workflow_status: RunStatus::Running,
        request_id: some("r-1"),
        workflow_id: "w-1".to_owned(),
        correlation_id: some("order-1"),
        input: raw(r#"{"i":1}"#),
        output: raw(r#"{"o":1}"#),
        signal_timeout: true,
        task_type: "WAIT".to_owned(),
        task_id: "t-1".to_owned(),
        reference_task_name: "wait_ref".to_owned(),
        retry_count: 1,
        task_def_name: "wait".to_owned(),
        retried_task_id: some("t-0"),
        workflow_type: "checkout".to_owned(),
        reason_for_incompletion: some("why"),
        priority: 7,
        variables: Some(raw("{}")),
        tasks: Some(Vec::new()),
        created_by: some("worker-7"),
        create_time: 1000,
        update_time: 2000,
        status: TaskStatus::InProgress,
    };
    assert_snapshot!("task_run_default", pretty(&TaskRun::default()));
    assert_snapshot!("task_run_full", pretty(&full));
}

#[test]
fn return_strategies_are_read_by_their_wire_names() {
    for strategy in [
        ReturnStrategy::TargetWorkflow,
        ReturnStrategy::BlockingWorkflow,
        ReturnStrategy::BlockingTask,
        ReturnStrategy::BlockingTaskInput,
    ] {
        let name = json(&strategy);
        assert_eq!(name.trim_matches('"').parse(), Ok(strategy));
    }
    let error = "target_workflow".parse::<ReturnStrategy>().expect_err("case sensitive");
    assert!(error.to_string().starts_with("returnStrategy: expected TARGET_WORKFLOW"));
}

#[test]
fn bulk_response() {
    let full = BulkResponse {
        bulk_error_results: one("w-2", "no"),
        bulk_successful_results: vec!["w-1", "w-1"],
    };
    assert_snapshot!(
        json(&BulkResponse::<String>::default()),
        @r#"{"bulkErrorResults":{},"bulkSuccessfulResults":[]}"#
    );
    assert_snapshot!(
        json(&full),
        @r#"{"bulkErrorResults":{"w-2":"no"},"bulkSuccessfulResults":["w-1","w-1"]}"#
    );
}

#[test]
fn error_body() {
    let full = ErrorBody {
        status: 400,
        code: some("CODE"),
        message: some("Validation failed, check below errors for detail."),
        instance: some("host-1"),
        retryable: true,
        validation_errors: vec![
            ValidationError {
                path: "updateTask.taskResult.taskId".to_owned(),
                message: "Task ID cannot be null or empty".to_owned(),
                invalid_value: some(""),
            },
            ValidationError::default(),
        ],
        metadata: Some([("k".to_owned(), 1.into())].into_iter().collect()),
    };
    assert_snapshot!(json(&ErrorBody::default()), @r#"{"status":0,"retryable":false}"#);
    assert_snapshot!("error_body_full", pretty(&full));
}

#[test]
fn small_answers() {
    assert_snapshot!(json(&TaskExecLog::default()), @r#"{"createdTime":0}"#);
    let log = TaskExecLog { log: some("l"), task_id: some("t-1"), created_time: 5 };
    assert_snapshot!(json(&log), @r#"{"log":"l","taskId":"t-1","createdTime":5}"#);

    assert_snapshot!(json(&PollData::default()), @r#"{"queueName":"","lastPollTime":0}"#);
    let poll = PollData {
        queue_name: "charge".to_owned(),
        domain: some("eu"),
        worker_id: some("worker-7"),
        last_poll_time: 9,
    };
    assert_snapshot!(
        json(&poll),
        @r#"{"queueName":"charge","domain":"eu","workerId":"worker-7","lastPollTime":9}"#
    );

    assert_snapshot!(json(&ShardSize { size: 2, uacked: 1 }), @r#"{"size":2,"uacked":1}"#);

    assert_snapshot!(json(&WorkflowDefSummary::default()), @r#"{"name":"","version":1}"#);
    let summary = WorkflowDefSummary {
        name: "checkout".to_owned(),
        version: 3,
        create_time: Some(1),
        update_time: Some(2),
    };
    assert_snapshot!(
        json(&summary),
        @r#"{"name":"checkout","version":3,"createTime":1,"updateTime":2}"#
    );

    let message = WorkflowMessage {
        id: "m-1".to_owned(),
        workflow_id: "w-1".to_owned(),
        payload: raw(r#"{"a":1.0}"#),
        received_at: InstantText(Timestamp::from_ms(1_787_313_600_123)),
    };
    assert_snapshot!("workflow_message", pretty(&message));
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("shapes have text keys and no failing parts")
}
