//! `conductor-rest` 1.4: signals to WAIT tasks.

use serde_json::json;

use crate::server::{Server, waits};

#[tokio::test]
async fn a_signal_completes_the_first_open_wait() {
    let server = Server::new();
    let id = server.started(&waits("wf"), &json!({})).await;
    let path = format!("/api/tasks/{id}/COMPLETED/signal");
    server.post(&path, json!({"answer": 42})).await.is_empty(200);
    let run = server.run(&id).await;
    assert_eq!(run["status"], "COMPLETED");
    assert_eq!(run["tasks"][0]["outputData"], json!({"answer": 42}));
    // Nothing is blocked any more: still 200.
    server.post(&path, "{}").await.is_empty(200);
    let words = format!("Found no blocked task in workflow {id} to signal");
    server.post(&format!("{path}/sync"), "{}").await.error(404, &words);
}

#[tokio::test]
async fn a_synchronous_signal_answers_the_run() {
    let server = Server::new();
    let id = server.started(&waits("wf"), &json!({})).await;
    let path = format!("/api/tasks/{id}/COMPLETED/signal/sync");
    let run = server.post(&path, json!({"a": 1})).await.json(200);
    assert_eq!(run["responseType"], "TARGET_WORKFLOW");
    assert_eq!((&run["status"], &run["signalTimeout"]), (&json!("COMPLETED"), &json!(false)));
    assert_eq!((&run["targetWorkflowId"], &run["workflowId"]), (&json!(id), &json!(id)));
    assert_eq!(run["tasks"][0]["outputData"], json!({"a": 1}));
}

/// 1.1.1 step 4: the time passes first, and the run goes on.
#[tokio::test]
async fn a_synchronous_signal_answers_in_time() {
    let server = Server::new();
    let mut definition = waits("wf");
    let tasks = definition["tasks"].as_array_mut().expect("a list");
    tasks.push(json!({"name": "t", "taskReferenceName": "t_ref"}));
    let id = server.started(&definition, &json!({})).await;
    let path = format!("/api/tasks/{id}/COMPLETED/signal/sync?timeoutMillis=1");
    let run = server.post(&path, "{}").await.json(200);
    assert_eq!((&run["signalTimeout"], &run["status"]), (&json!(true), &json!("RUNNING")));
    server.completed("t", &json!({})).await;
    assert_eq!(server.run(&id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn signals_that_cannot_be() {
    let server = Server::new();
    let id = server.started(&waits("wf"), &json!({})).await;
    let words = "No such workflow found by id: x";
    server.post("/api/tasks/x/COMPLETED/signal", "{}").await.error(404, words);
    server.post("/api/tasks/x/COMPLETED/signal/sync", "{}").await.error(404, words);
    let answer = server.post(&format!("/api/tasks/{id}/DONE/signal"), "{}").await;
    assert_eq!(answer.status, 400);
    let path = format!("/api/tasks/{id}/COMPLETED/signal/sync?returnStrategy=ALL");
    let words = "returnStrategy: expected TARGET_WORKFLOW, BLOCKING_WORKFLOW, BLOCKING_TASK or \
        BLOCKING_TASK_INPUT";
    server.post(&path, "{}").await.error(400, words);
    assert_eq!(server.run(&id).await["status"], "RUNNING");
}
