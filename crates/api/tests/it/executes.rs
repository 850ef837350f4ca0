//! `conductor-rest` 1.1.1 and 3.12: synchronous starts.

use serde_json::{Value, json};

use crate::server::{Server, waits};

fn no_worker() -> Value {
    json!({
        "name": "wf",
        "tasks": [{"name": "v", "taskReferenceName": "v_ref", "type": "SET_VARIABLE",
                   "inputParameters": {"x": "${workflow.input.x}"}}],
        "outputParameters": {"y": "${workflow.variables.x}"}
    })
}

#[tokio::test]
async fn a_run_without_workers_is_answered_at_its_end() {
    let server = Server::new();
    server.defined(&no_worker()).await;
    for path in ["wf/1", "wf/0", "wf", "wf?version=1"] {
        let join = if path.contains('?') { '&' } else { '?' };
        let query = "requestId=r1&waitUntilTaskRef=None&waitForSeconds=30&consistency=EVENTUAL";
        let path = format!("/api/workflow/execute/{path}{join}{query}");
        let run = server.post(&path, json!({"input": {"x": 5}})).await.json(200);
        assert_eq!((&run["status"], &run["output"]), (&json!("COMPLETED"), &json!({"y": 5})));
        assert_eq!((&run["requestId"], &run["signalTimeout"]), (&json!("r1"), &json!(false)));
        assert_eq!(run["variables"], json!({"x": 5}));
        assert_eq!(run["tasks"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn a_wait_blocks_and_each_strategy_shows_it() {
    let server = Server::new();
    server.defined(&waits("inner")).await;
    let outer = json!({"name": "outer", "tasks": [{
        "name": "child", "taskReferenceName": "c", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "inner"}
    }]});
    server.defined(&outer).await;
    let execute = |strategy: &str| {
        let path = format!("/api/workflow/execute/outer/1?returnStrategy={strategy}");
        let server = &server;
        async move { server.post(&path, "{}").await.json(200) }
    };
    let run = execute("TARGET_WORKFLOW").await;
    assert_eq!((&run["workflowId"], &run["status"]), (&run["targetWorkflowId"], &json!("RUNNING")));
    let child = execute("BLOCKING_WORKFLOW").await;
    assert_eq!(child["responseType"], "BLOCKING_WORKFLOW");
    assert_ne!(child["workflowId"], child["targetWorkflowId"]);
    assert_eq!(child["tasks"][0]["referenceTaskName"], "w_ref");
    for strategy in ["BLOCKING_TASK", "BLOCKING_TASK_INPUT"] {
        let task = execute(strategy).await;
        assert_eq!((&task["responseType"], &task["taskType"]), (&json!(strategy), &json!("WAIT")));
        assert_eq!(
            (&task["referenceTaskName"], &task["status"]),
            (&json!("w_ref"), &json!("IN_PROGRESS"))
        );
        assert_eq!(
            (&task["workflowType"], &task["targetWorkflowStatus"]),
            (&json!("inner"), &json!("RUNNING"))
        );
    }
}

#[tokio::test]
async fn an_ended_task_of_a_named_reference_blocks() {
    let server = Server::new();
    let mut definition = no_worker();
    let tasks = definition["tasks"].as_array_mut().expect("a list");
    tasks.push(json!({"name": "t", "taskReferenceName": "t_ref"}));
    server.defined(&definition).await;
    let path = "/api/workflow/execute/wf/1?waitUntilTaskRef=%20v_ref%20,other";
    let run = server.post(path, "{}").await.json(200);
    assert_eq!((&run["status"], &run["signalTimeout"]), (&json!("RUNNING"), &json!(false)));
}

/// Design 12: without a blocking task, the target run; its type says so.
#[tokio::test]
async fn nothing_blocks() {
    let server = Server::new();
    server.defined(&no_worker()).await;
    let path = "/api/workflow/execute/wf/1?returnStrategy=BLOCKING_TASK";
    let run = server.post(path, "{}").await.json(200);
    assert_eq!(
        (&run["responseType"], &run["status"]),
        (&json!("TARGET_WORKFLOW"), &json!("COMPLETED"))
    );
    assert_eq!(run["requestId"].as_str().map(str::len), Some(36));
}

/// 1.1.1 step 1.
#[tokio::test]
async fn inline_definitions_are_marked_in_the_input() {
    let server = Server::new();
    let body = json!({
        "workflowDef": no_worker(), "input": {"x": 1, "_systemMetadata": {"other": 2}}
    });
    let run = server.post("/api/workflow/execute/any/7", body).await.json(200);
    assert_eq!(run["input"]["_systemMetadata"], json!({"other": 2, "dynamic": true}));
    let body = json!({"workflowDef": no_worker()});
    let run = server.post("/api/workflow/execute/any", body).await.json(200);
    assert_eq!(run["input"], json!({"_systemMetadata": {"dynamic": true}}));
}

#[tokio::test]
async fn executions_that_cannot_be() {
    let server = Server::new();
    server.defined(&no_worker()).await;
    let words = "No such workflow defined. name=no, version=null";
    server.post("/api/workflow/execute/no/0", "{}").await.error(404, words);
    let words = "No such workflow defined. name=wf, version=9";
    server.post("/api/workflow/execute/wf/9", json!({"version": 1})).await.error(404, words);
    let words = "version: expected an integer in the path, found \"x\"";
    server.post("/api/workflow/execute/wf/x", "{}").await.error(400, words);
    let answer = server.post("/api/workflow/execute/wf/1?returnStrategy=X", "{}").await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.post("/api/workflow/execute/wf/1", "").await.status, 400);
    assert_eq!(server.get("/api/workflow/running/wf").await.json(200), json!([]));
}
