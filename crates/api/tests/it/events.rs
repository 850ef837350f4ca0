//! `conductor-rest` 1.6 and 3.15: event handlers, and what they do.

use serde_json::{Value, json};

use crate::server::{Server, one_task};

fn handler(name: &str, event: &str) -> Value {
    json!({"name": name, "event": event, "active": true, "actions": [
        {"action": "start_workflow", "start_workflow":
            {"name": "other", "input": {"n": "${n}"}, "correlationId": "${workflowInstanceId}"}}]})
}

#[tokio::test]
async fn handlers_come_and_go() {
    let server = Server::new();
    assert_eq!(server.get("/api/event").await.json(200), json!([]));
    server.post("/api/event", handler("h", "conductor:w:x")).await.is_empty(200);
    server
        .post("/api/event", handler("h", "conductor:w:x"))
        .await
        .error(409, "EventHandler with name h already exists!");
    let found = server.get("/api/event").await.json(200);
    assert_eq!(found, json!([handler("h", "conductor:w:x")]));
    let mut idle = handler("h", "conductor:w:x");
    idle["active"] = json!(false);
    server.put("/api/event", idle.clone()).await.is_empty(200);
    assert_eq!(server.get("/api/event/conductor:w:x").await.json(200), json!([]));
    let all = server.get("/api/event/conductor:w:x?activeOnly=false").await.json(200);
    assert_eq!(all, json!([idle]));
    assert_eq!(server.get("/api/event/handler").await.json(200), json!([]));
    server
        .put("/api/event", handler("no", "conductor:w:x"))
        .await
        .error(404, "EventHandler with name no not found!");
    server.delete("/api/event/h").await.is_empty(200);
    server.delete("/api/event/h").await.error(404, "EventHandler with name h not found!");
    assert_eq!(server.get("/api/event").await.json(200), json!([]));
}

#[tokio::test]
async fn broken_handlers_are_refused_with_their_path() {
    let server = Server::new();
    let refused = [
        (json!({}), "name", "Missing event handler name"),
        (json!({"name": "h"}), "event", "Missing event location"),
        (
            json!({"name": "h", "event": "conductor:x"}),
            "actions",
            "No actions specified. Please specify at-least one action",
        ),
        (
            handler("h", "kafka:topic"),
            "event",
            "Unknown queue type kafka: this version of Fermata has only conductor queues",
        ),
        (
            json!({"name": "h", "event": "conductor:x", "actions": [{"action": "dance"}]}),
            "actions[0].action",
            "no such action: dance",
        ),
    ];
    for (handler, path, message) in refused {
        let answer = server.post("/api/event", handler).await.json(400);
        let error = &answer["validationErrors"][0];
        assert_eq!(error["path"], json!(format!("addEventHandler.eventHandler.{path}")));
        assert_eq!(error["message"], json!(message));
    }
    assert_eq!(server.get("/api/event").await.json(200), json!([]));
}

#[tokio::test]
async fn sinks_outside_the_server_are_refused_at_registration() {
    let server = Server::new();
    let event = |sink: &str| {
        json!({"name": "w", "version": 1, "ownerEmail": "a@b.c", "tasks": [
            {"name": "e", "taskReferenceName": "e", "type": "EVENT", "sink": sink}]})
    };
    for sink in ["kafka:topic", "sqs:queue", "nats:subject", "amqp_queue:q"] {
        let answer = server.post("/api/metadata/workflow", event(sink)).await.json(400);
        let message = answer["validationErrors"][0]["message"].as_str().expect("a text").to_owned();
        let kind = sink.split(':').next().expect("a kind");
        assert!(message.contains(&format!("Unknown queue type {kind}")), "{message}");
    }
    server.post("/api/metadata/workflow", event("conductor:x")).await.is_empty(200);
}

#[tokio::test]
async fn an_event_starts_a_workflow() {
    let server = Server::new();
    server.defined(&one_task("other")).await;
    server.post("/api/event", handler("h", "conductor:w:x")).await.is_empty(200);
    let definition = json!({"name": "w", "version": 1, "ownerEmail": "a@b.c", "tasks": [
        {"name": "e", "taskReferenceName": "e", "type": "EVENT", "sink": "conductor:x",
         "inputParameters": {"n": "${workflow.input.n}"}}]});
    let id = server.started(&definition, &json!({"n": 5})).await;
    let run = server.get(&format!("/api/workflow/{id}")).await.json(200);
    assert_eq!(run["status"], "COMPLETED");
    assert_eq!(run["tasks"][0]["outputData"]["event_produced"], "conductor:w:x");
    let path = format!("/api/workflow/other/correlated/{id}?includeClosed=true");
    let mut found = server.get(&path).await.json(200);
    // It is on its way to another shard, durably.
    for _ in 0..10_000 {
        if found.as_array().is_some_and(|found| !found.is_empty()) {
            break;
        }
        tokio::task::yield_now().await;
        found = server.get(&path).await.json(200);
    }
    assert_eq!(found[0]["input"]["n"], 5);
    assert_eq!(found[0]["input"]["conductor.event.name"], "conductor:w:x");
}

#[tokio::test]
async fn a_termination_triggers_the_failure_workflow_if_asked_to() {
    let server = Server::new();
    server.defined(&one_task("repair")).await;
    let mut definition = one_task("w");
    definition["failureWorkflow"] = json!("repair");
    let id = server.started(&definition, &json!({})).await;
    server.delete(&format!("/api/workflow/{id}?reason=x")).await.is_empty(200);
    let run = server.get(&format!("/api/workflow/{id}")).await.json(200);
    assert_eq!(run["output"].get("conductor.failure_workflow"), None);
    let id = server.post("/api/workflow/w", json!({})).await.text();
    let path = format!("/api/workflow/{id}?reason=x&triggerFailureWorkflow=true");
    server.delete(&path).await.is_empty(200);
    let run = server.get(&format!("/api/workflow/{id}")).await.json(200);
    assert_eq!(run["status"], "TERMINATED");
    assert!(run["output"]["conductor.failure_workflow"].is_string());
}
