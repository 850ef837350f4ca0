//! Definitions: what the least body becomes, and that a full one comes back as it went in.

use fermata_wire::conductor::{InlineDefinition, TaskDef, WorkflowDef, WorkflowTask};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::pretty;

fn workflow_def(body: &Value) -> WorkflowDef {
    serde_json::from_str(&body.to_string()).expect("a workflow definition")
}

fn task_def(body: &Value) -> TaskDef {
    serde_json::from_str(&body.to_string()).expect("a task definition")
}

fn workflow_task(body: &Value) -> WorkflowTask {
    serde_json::from_str(&body.to_string()).expect("a task")
}

fn full_task_def() -> Value {
    json!({
        "ownerApp": "app", "createTime": 1, "updateTime": 2, "createdBy": "me",
        "updatedBy": "you", "name": "charge", "description": "d", "retryCount": 5,
        "timeoutSeconds": 100, "totalTimeoutSeconds": 200, "inputKeys": ["i"],
        "outputKeys": ["o"], "runtimeMetadata": ["KEY"], "timeoutPolicy": "RETRY",
        "retryLogic": "LINEAR_BACKOFF", "retryDelaySeconds": 6, "maxRetryDelaySeconds": 7,
        "backoffScaleFactor": 2, "backoffJitterMs": 8, "responseTimeoutSeconds": 9,
        "pollTimeoutSeconds": 10, "concurrentExecLimit": 11, "inputTemplate": {"z": 1, "a": null},
        "rateLimitPerFrequency": 12, "rateLimitFrequencyInSeconds": 13,
        "isolationGroupId": "g", "executionNameSpace": "s", "ownerEmail": "o@example.org",
        "baseType": "b", "taskStatusListenerEnabled": false,
        "inputSchema": full_schema("JSON"), "outputSchema": full_schema("AVRO"),
        "enforceSchema": true
    })
}

fn full_schema(language: &str) -> Value {
    json!({
        "ownerApp": "app", "createTime": 1, "updateTime": 2, "createdBy": "me",
        "updatedBy": "you", "name": "s", "version": 4, "type": language,
        "data": {"type": "object"}, "externalRef": "ref"
    })
}

/// A task with every field set; one more level of tasks inside.
fn full_workflow_task() -> Value {
    let inner = serde_json::to_value(WorkflowTask {
        name: "inner".to_owned(),
        task_reference_name: "inner_ref".to_owned(),
        ..WorkflowTask::default()
    })
    .expect("a task");
    json!({
        "name": "n", "taskReferenceName": "r", "description": "d",
        "inputParameters": {"z": "${workflow.input.z}", "a": [1.5, null]}, "type": "SWITCH",
        "dynamicTaskNameParam": "p1", "caseValueParam": "p2", "caseExpression": "p3",
        "scriptExpression": "p4", "decisionCases": {"z": [inner.clone()], "a": []},
        "dynamicForkJoinTasksParam": "p5", "dynamicForkTasksParam": "p6",
        "dynamicForkTasksInputParamName": "p7", "defaultCase": [inner.clone()],
        "forkTasks": [[inner.clone()], []], "startDelay": 3,
        "subWorkflowParam": {
            "name": "child", "version": 2, "taskToDomain": {"*": "eu"},
            "workflowDefinition": "${workflow.input.definition}", "idempotencyKey": "k",
            "idempotencyStrategy": "RETURN_EXISTING", "priority": "${workflow.input.priority}"
        },
        "joinOn": ["a", "b"], "joinStatus": "js", "joinMode": "ASYNC", "sink": "conductor",
        "optional": true, "permissive": true, "taskDefinition": full_task_def(),
        "rateLimited": true, "defaultExclusiveJoinTask": ["x"], "asyncComplete": true,
        "loopCondition": "lc", "loopOver": [inner], "items": "${workflow.input.items}",
        "retryCount": 1, "evaluatorType": "javascript", "expression": "e",
        "onStateChange": {"onSuccess": [{"type": "t", "payload": {"k": null}}]},
        "cacheConfig": {"key": "ck", "ttlInSecond": 60}, "metadata": {"x": 1}
    })
}

fn full_workflow_def() -> Value {
    json!({
        "ownerApp": "app", "createTime": 1, "updateTime": 2, "createdBy": "me",
        "updatedBy": "you", "name": "checkout", "description": "d", "version": 3,
        "tasks": [full_workflow_task()], "inputParameters": ["i"],
        "outputParameters": {"o": "${r.output.o}"}, "failureWorkflow": "f",
        "failureWorkflowVersion": 1, "schemaVersion": 2, "restartable": false,
        "workflowStatusListenerEnabled": true, "workflowStatusListenerSink": "sink",
        "ownerEmail": "o@example.org", "timeoutPolicy": "TIME_OUT_WF", "timeoutSeconds": 60,
        "variables": {"v": null}, "inputTemplate": {"t": {}},
        "rateLimitConfig": {
            "rateLimitKey": "rk", "concurrentExecLimit": 4, "policy": "REJECT"
        },
        "inputSchema": full_schema("JSON"), "outputSchema": full_schema("PROTOBUF"),
        "enforceSchema": false, "metadata": {"classifier": "agent"},
        "cacheConfig": {"key": "ck", "ttlInSecond": 60}, "maskedFields": ["secret"]
    })
}

/// The definition with every field null.
fn nulls(full: &Value) -> Value {
    full.as_object().expect("an object").keys().map(|key| (key.clone(), Value::Null)).collect()
}

#[test]
fn the_least_definitions_get_the_defaults_of_the_contract() {
    assert_snapshot!(
        "workflow_def_least",
        pretty(&workflow_def(&json!({
            "name": "w",
            "tasks": [{"name": "t", "taskReferenceName": "t_ref"}]
        })))
    );
    assert_snapshot!("task_def_least", pretty(&task_def(&json!({"name": "t"}))));
}

#[test]
fn full_definitions_come_back_as_they_went_in() {
    // Compared as text, so that the order of the fields is the contract's as well.
    let workflow = full_workflow_def();
    assert_eq!(pretty(&workflow_def(&workflow)), pretty(&workflow));
    let task = full_task_def();
    assert_eq!(pretty(&task_def(&task)), pretty(&task));
}

#[test]
fn nulls_lose_the_defaults_of_primitives_but_not_of_lists_and_names() {
    assert_snapshot!("workflow_def_nulls", pretty(&workflow_def(&nulls(&full_workflow_def()))));
    assert_snapshot!("workflow_task_nulls", pretty(&workflow_task(&nulls(&full_workflow_task()))));
    assert_snapshot!("task_def_nulls", pretty(&task_def(&nulls(&full_task_def()))));
}

#[test]
fn either_spelling_names_the_type_and_only_one_is_written() {
    for (body, expected) in [
        (json!({}), "SIMPLE"),
        (json!({"type": null}), "SIMPLE"),
        (json!({"type": "HTTP"}), "HTTP"),
        (json!({"workflowTaskType": "HTTP"}), "HTTP"),
        (json!({"workflowTaskType": null, "type": "WAIT"}), "WAIT"),
        (json!({"workflowTaskType": "HTTP", "type": "HTTP"}), "HTTP"),
    ] {
        let task = workflow_task(&body);
        assert_eq!(task.task_type, expected, "{body}");
        assert!(!pretty(&task).contains("workflowTaskType"), "{body}");
    }
}

#[test]
fn an_inline_definition_names_the_sub_workflow() {
    let task = workflow_task(&json!({
        "subWorkflowParam": {
            "name": "ignored", "version": 9,
            "workflowDefinition": {"name": "inline", "version": 2, "tasks": []}
        }
    }));
    let params = task.sub_workflow_param.expect("parameters");
    assert_eq!((params.name.as_deref(), params.version), (Some("inline"), Some(2)));
    assert!(matches!(params.workflow_definition, Some(InlineDefinition::Definition(_))));
    assert!(pretty(&params).contains("\"workflowDefinition\": {\n"));
}

#[test]
fn a_text_is_an_inline_definition_only_as_an_expression() {
    let read = |text: &str| {
        let body = json!({"subWorkflowParam": {"workflowDefinition": text}}).to_string();
        serde_json::from_str::<WorkflowTask>(&body)
    };
    assert!(read("${workflow.input.d}").is_ok());
    for bad in ["", "checkout", "${open", "x${a}"] {
        let error = read(bad).expect_err(bad).to_string();
        assert!(error.contains("expected a workflow definition or an expression"), "{error}");
    }
}

#[test]
fn unset_rate_limits_are_written_as_zero_tasks_in_one_second() {
    let def = task_def(&json!({"name": "t"}));
    assert_eq!((def.rate_limit_per_frequency, def.rate_limit_frequency_in_seconds), (None, None));
    let text = pretty(&def);
    assert!(text.contains("\"rateLimitPerFrequency\": 0"));
    assert!(text.contains("\"rateLimitFrequencyInSeconds\": 1"));
}

#[test]
fn enum_names_are_case_sensitive() {
    for body in [
        r#"{"timeoutPolicy":"alert_only"}"#,
        r#"{"timeoutPolicy":"RETRY"}"#,
        r#"{"rateLimitConfig":{"policy":"queue"}}"#,
        r#"{"inputSchema":{"type":"json"}}"#,
    ] {
        let error = serde_json::from_str::<WorkflowDef>(body).expect_err(body).to_string();
        assert!(error.contains("unknown variant"), "{error}");
    }
    assert!(serde_json::from_str::<TaskDef>(r#"{"retryLogic":"fixed"}"#).is_err());
}

#[test]
fn scalars_of_definitions_are_read_leniently_and_unknown_fields_ignored() {
    let def = task_def(&json!({
        "name": 7, "retryCount": "2", "timeoutSeconds": 1.9, "enforceSchema": 1,
        "inputKeys": [1, "a"], "backoffScaleFactor": "", "somethingNew": {"deep": [1]}
    }));
    assert_eq!(def.name, "7");
    assert_eq!((def.retry_count, def.timeout_seconds, def.enforce_schema), (2, 1, true));
    assert_eq!(def.input_keys, ["1", "a"]);
    assert_eq!(def.backoff_scale_factor, 1);
}

#[test]
fn numbers_of_definitions_keep_their_last_bit() {
    let number = 2.301_672_088_081_082_6e-236;
    let template = task_def(&json!({"inputTemplate": {"n": number}})).input_template;
    assert_eq!(template.get("n"), Some(&json!(number)));
}
