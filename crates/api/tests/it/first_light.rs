//! Define, start, poll, update, get: the quickstart.

use serde_json::json;

use crate::server::{Server, one_task, result};

/// 1.1, 1.4, 1.5.
#[tokio::test]
async fn a_run_of_one_task() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({"in": 7})).await;
    let task = server.polled("t").await;
    assert_eq!(task["workflowInstanceId"], id);
    assert_eq!(task["inputData"], json!({"in": 7}));
    let answer = server.post("/api/tasks", result(&task, "COMPLETED", &json!({"out": 8}))).await;
    assert_eq!(answer.text(), task["taskId"]);
    let run = server.run(&id).await;
    assert_eq!((&run["status"], &run["output"]), (&json!("COMPLETED"), &json!({"out": 8})));
}
