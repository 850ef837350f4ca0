//! Sizes of payloads (`conductor-semantics` 10.1, design 5).

use std::sync::Arc;

use fermata_api::Options;
use fermata_runtime::engine::Config;
use fermata_storage::ModelStore;
use fermata_types::{PayloadLimits, Threshold};
use serde_json::json;

use crate::server::{Server, one_task, result, waits};

fn server() -> Server {
    let of = |hard| Threshold { soft: 0, hard };
    let payload_limits = PayloadLimits {
        workflow_input: of(200),
        workflow_output: of(150),
        task_input: of(100),
        task_output: of(120),
        variables: 100,
        message: 50,
    };
    let config = Config { shards: 4, payload_limits, ..Config::default() };
    Server::configured(Arc::new(ModelStore::new()), Options::default(), config)
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Update-task answers 200: what comes of the result is the task's affair.
#[tokio::test]
async fn a_result_over_the_limit_is_taken_and_fails_its_task() {
    let server = server();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let answer = server.post("/api/tasks", result(&task, "COMPLETED", &json!({"x": text(120)})));
    assert_eq!(answer.await.text(), task["taskId"]);
    let run = server.run(&id).await;
    let reason = format!(
        "The payload size: 128 of task: {} in workflow: {id}  is greater than the permissible \
         limit: 120 bytes",
        task["taskId"].as_str().expect("an id")
    );
    assert_eq!(run["status"], "FAILED");
    let task = &run["tasks"][0];
    assert_eq!(task["status"], "FAILED_WITH_TERMINAL_ERROR");
    assert_eq!(task["reasonForIncompletion"], reason);
    assert_eq!((&task["outputData"], &run["output"]), (&json!({}), &json!({"out": null})));
}

#[tokio::test]
async fn a_start_over_the_limit_stores_nothing() {
    let server = server();
    server.defined(&one_task("wf")).await;
    let input = json!({"in": text(200)});
    let words = "The input of 209 bytes is larger than 200 bytes";
    server.post("/api/workflow/wf", &input).await.error(413, words);
    let request = json!({"name": "wf", "input": input, "idempotencyKey": "k"});
    server.post("/api/workflow", &request).await.error(413, words);
    assert_eq!(server.get("/api/workflow/running/wf").await.json(200), json!([]));
    let request = json!({"name": "wf", "input": {}, "idempotencyKey": "k"});
    server.post("/api/workflow", &request).await.text();
}

#[tokio::test]
async fn a_task_whose_input_is_too_large_fails_and_nobody_gets_it() {
    let server = server();
    let id = server.started(&one_task("wf"), &json!({"in": text(110)})).await;
    let run = server.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    let task = &run["tasks"][0];
    assert_eq!(task["status"], "FAILED_WITH_TERMINAL_ERROR");
    assert_eq!(task["inputData"], json!({}));
    assert_eq!(server.get("/api/tasks/poll/t").await.status, 204);
}

#[tokio::test]
async fn a_run_whose_output_is_too_large_fails() {
    let server = server();
    let mut definition = one_task("wf");
    definition["outputParameters"] = json!({"a": "${t_ref.output.x}", "b": "${t_ref.output.x}"});
    let id = server.started(&definition, &json!({})).await;
    server.completed("t", &json!({"x": text(80)})).await;
    let run = server.run(&id).await;
    let reason = format!(
        "The payload size: 175 of workflow: {id} is greater than the permissible limit: 150 bytes"
    );
    assert_eq!((&run["status"], &run["output"]), (&json!("FAILED"), &json!({})));
    assert_eq!(run["reasonForIncompletion"], reason);
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let server = server();
    let id = server.started(&waits("wf"), &json!({})).await;
    let path = format!("/api/workflow/{id}/messages");
    let answer = server.post(&path, json!({"x": text(50)})).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, "the message of 58 bytes is larger than 50 bytes");
    server.post(&path, json!({"x": text(30)})).await.text();
}
