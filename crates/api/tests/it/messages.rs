//! `conductor-rest` 1.2: messages, whose errors are plain text.

use serde_json::{Value, json};

use crate::server::{Answer, Server, one_task};

#[track_caller]
fn text_error(answer: &Answer, status: u16, text: &str) {
    let expected = (status, "text/plain;charset=UTF-8", text);
    assert_eq!((answer.status, &*answer.kind, &*answer.body), expected);
}

/// Takes one message at a time, then ends.
fn pulls(rounds: usize) -> Value {
    let steps: Vec<Value> = (0..rounds)
        .map(|n| {
            let reference = format!("p{n}");
            json!({"name": "p", "taskReferenceName": reference, "type": "PULL_WORKFLOW_MESSAGES"})
        })
        .collect();
    json!({"name": "pulls", "tasks": steps})
}

#[tokio::test]
async fn messages_move_the_run() {
    let server = Server::new();
    let id = server.started(&pulls(2), &json!({})).await;
    let mut ids = Vec::new();
    for (path, n) in [("messages", 1), ("message", 2)] {
        let path = format!("/api/workflow/{id}/{path}");
        ids.push(server.post(&path, json!({"n": n})).await.text());
    }
    assert_eq!((ids[0].len(), ids[0] == ids[1]), (36, false));
    let run = server.run(&id).await;
    assert_eq!(run["status"], "COMPLETED");
    for (task, n) in [(0, 1), (1, 2)] {
        let output = &run["tasks"][task]["outputData"];
        assert_eq!(
            (&output["count"], &output["messages"][0]["payload"]),
            (&json!(1), &json!({"n": n}))
        );
        assert_eq!(output["messages"][0]["id"], ids[task]);
        assert_eq!(output["messages"][0]["workflowId"], id);
    }
}

#[tokio::test]
async fn runs_that_take_none() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let path = format!("/api/workflow/{id}/messages");
    let state = |status: &str| format!("Workflow {id} is not in RUNNING state (current: {status})");
    server.put(&format!("/api/workflow/{id}/pause"), "").await.is_empty(200);
    text_error(&server.post(&path, "{}").await, 409, &state("PAUSED"));
    server.delete(&format!("/api/workflow/{id}")).await.is_empty(200);
    text_error(&server.post(&path, "{}").await, 409, &state("TERMINATED"));
    for nobody in ["x", "0190a6a0-0000-7000-8000-000000000000"] {
        let answer = server.post(&format!("/api/workflow/{nobody}/messages"), "{}").await;
        text_error(&answer, 404, &format!("Workflow not found: {nobody}"));
    }
}

#[tokio::test]
async fn bodies_that_are_no_object() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let path = format!("/api/workflow/{id}/messages");
    for body in ["[]", "1", "\"text\"", "null"] {
        text_error(&server.post(&path, body).await, 400, "the body must be a JSON object");
    }
    text_error(&server.post(&path, "").await, 400, "the body is missing");
}

#[tokio::test]
async fn a_full_queue() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let path = format!("/api/workflow/{id}/messages");
    for _ in 0..fermata_types::limits::LANE_MESSAGES_MAX {
        server.post(&path, "{}").await.text();
    }
    let text =
        format!("Workflow message queue for workflowId={id} has reached the maximum size of 1000");
    text_error(&server.post(&path, "{}").await, 429, &text);
}
