//! `conductor-rest` 1.3: one operation on many runs.

use serde_json::{Value, json};

use crate::server::{Server, waits};

async fn three(server: &Server) -> (String, String) {
    server.defined(&waits("wf")).await;
    let first = server.post("/api/workflow/wf", "{}").await.text();
    (first, server.post("/api/workflow/wf", "{}").await.text())
}

#[tokio::test]
async fn failures_are_told_by_id() {
    let server = Server::new();
    let (a, b) = three(&server).await;
    let ids = json!([a, "x", b]);
    let missing = json!({"x": "No such workflow found by id: x"});
    let expected = json!({"bulkErrorResults": missing, "bulkSuccessfulResults": [a, b]});
    assert_eq!(server.put("/api/workflow/bulk/pause", &ids).await.json(200), expected);
    assert_eq!(server.put("/api/workflow/bulk/resume", &ids).await.json(200), expected);
    let answer = server.put("/api/workflow/bulk/resume", json!([a])).await.json(200);
    let words =
        format!("The workflow {a} is not PAUSED so cannot resume. Current status is RUNNING");
    assert_eq!(answer["bulkErrorResults"], json!({ &a: words }));
    let path = "/api/workflow/bulk/terminate?reason=because";
    assert_eq!(server.post(path, &ids).await.json(200), expected);
    assert_eq!(server.run(&b).await["reasonForIncompletion"], "because");
    assert_eq!(server.delete_with("/api/workflow/bulk/remove", &ids).await.json(200), expected);
    assert_eq!(server.get(&format!("/api/workflow/{a}")).await.status, 404);
}

/// Quirk: an id is there once for each step that succeeded.
#[tokio::test]
async fn terminate_remove_tells_both_steps() {
    let server = Server::new();
    let (a, b) = three(&server).await;
    let path = "/api/workflow/bulk/terminate-remove?reason=r";
    let answer = server.delete_with(path, json!([a, "x", b])).await.json(200);
    assert_eq!(answer["bulkSuccessfulResults"], json!([a, a, b, b]));
    assert_eq!(answer["bulkErrorResults"], json!({"x": "No such workflow found by id: x"}));
}

#[tokio::test]
async fn lists_have_a_length() {
    let server = Server::new();
    let many: Vec<Value> = (0..1001).map(|n| json!(n.to_string())).collect();
    let path = "/api/workflow/bulk/pause";
    let rule = "pauseWorkflow.workflowIds";
    let words = "Cannot process more than 1000 workflows. Please use multiple requests.";
    server.put(path, json!(many)).await.broken(&[(rule, words)]);
    server.put(path, "[]").await.broken(&[(rule, "WorkflowIds list cannot be null.")]);
    assert_eq!(server.put(path, "{}").await.status, 400);
}
