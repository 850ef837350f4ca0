//! `conductor-rest` 3: whole answers, field by field and in order. Ids and times are replaced.

use std::sync::Arc;

use fermata_api::Options;
use fermata_storage::ModelStore;
use serde_json::{Value, json};

use crate::server::{Server, one_task, result};

/// Numbers ids in the order they appear, and hides times and the definition's text.
fn shown(value: &Value) -> String {
    let mut ids = Vec::new();
    serde_json::to_string_pretty(&redacted(value, "", &mut ids)).expect("JSON")
}

fn redacted(value: &Value, key: &str, ids: &mut Vec<String>) -> Value {
    match value {
        Value::Object(map) => {
            let redacted = map.iter().map(|(key, value)| (key.clone(), redacted(value, key, ids)));
            Value::Object(redacted.collect())
        }
        Value::Array(list) => list.iter().map(|value| redacted(value, key, ids)).collect(),
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            let known = ids.iter().position(|known| known == text).unwrap_or_else(|| {
                ids.push(text.clone());
                ids.len() - 1
            });
            json!(format!("<id {known}>"))
        }
        Value::Number(number) if number.as_i64() > Some(1_000_000_000_000) => json!("<time>"),
        Value::Number(_) if key == "queueWaitTime" => json!("<ms>"),
        Value::String(_) if key == "instance" => json!("<host>"),
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_polled_task() {
    let server = Server::new();
    let task = json!([{"name": "t", "rateLimitPerFrequency": 3, "isolationGroupId": "g",
                       "executionNameSpace": "n", "responseTimeoutSeconds": 7}]);
    server.post("/api/metadata/taskdefs", task).await.is_empty(200);
    server.started(&one_task("wf"), &json!({"in": {"a": null}})).await;
    insta::assert_snapshot!(shown(&server.polled("t").await));
}

#[tokio::test]
async fn a_completed_run() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({"in": 1})).await;
    server.completed("t", &json!({"out": [1, "2"]})).await;
    insta::assert_snapshot!(shown(&server.run(&id).await));
}

/// A loop with a fork inside, a child run, a retry.
#[tokio::test]
async fn the_tasks_of_a_run_of_many_kinds() {
    let server = Server::new();
    server.defined(&one_task("inner")).await;
    server
        .post("/api/metadata/taskdefs", json!([{"name": "t", "retryDelaySeconds": 0}]))
        .await
        .is_empty(200);
    let definition = json!({"name": "wf", "tasks": [
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN", "forkTasks": [
            [{"name": "t", "taskReferenceName": "t"}],
            [{"name": "c", "taskReferenceName": "c", "type": "SUB_WORKFLOW",
              "subWorkflowParam": {"name": "inner"}}]
        ]},
        {"name": "j", "taskReferenceName": "j", "type": "JOIN", "joinOn": ["t", "c"]}
    ]});
    let id = server.started(&definition, &json!({})).await;
    let task = loop {
        let task = server.polled("t").await;
        if task["workflowInstanceId"] == id {
            break task;
        }
    };
    let mut failed = result(&task, "FAILED", &json!({"code": 1}));
    failed["reasonForIncompletion"] = json!("it broke");
    server.post("/api/tasks", failed).await.text();
    let run = server.run(&id).await;
    let tasks = run["tasks"].as_array().expect("a list").iter().map(|task| {
        let mut task = task.clone();
        for long in ["workflowTask", "taskDefinition"] {
            assert!(task[long].is_object(), "{long}");
            task.as_object_mut().expect("an object").shift_remove(long);
        }
        task
    });
    insta::assert_snapshot!(shown(&tasks.collect()));
}

#[tokio::test]
async fn a_synchronous_answer() {
    let server = Server::new();
    server
        .defined(&json!({"name": "wf", "tasks": [
            {"name": "n", "taskReferenceName": "n", "type": "NOOP"},
            {"name": "w", "taskReferenceName": "w", "type": "WAIT"}
        ]}))
        .await;
    let path = "/api/workflow/execute/wf/1?requestId=r&returnStrategy=";
    let run = server.post(&format!("{path}TARGET_WORKFLOW"), "{}").await.json(200);
    let mut run = run.clone();
    run["tasks"] = json!("<tasks>");
    let task = server.post(&format!("{path}BLOCKING_TASK"), "{}").await.json(200);
    insta::assert_snapshot!(shown(&json!([run, task])));
}

#[tokio::test]
async fn error_bodies() {
    let server = Server::over(Arc::new(ModelStore::new()), Options::default());
    let bodies = json!([
        server.get("/api/workflow/x").await.json(404),
        server.post("/api/metadata/workflow", json!({"name": "wf"})).await.json(400),
        server.get("/api/workflow").await.json(405),
        server.post("/api/workflow", "{").await.json(400),
    ]);
    insta::assert_snapshot!(shown(&bodies));
}
