//! `conductor-rest` 1.1 (start), 2.1, 3.9; `conductor-semantics` 4.1.

use serde_json::{Value, json};

use crate::server::{Server, one_task, waits};

const REQUEST: &str = "startWorkflow.startWorkflowRequest";

#[tokio::test]
async fn both_forms_answer_the_raw_id() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    for answer in [
        server.post("/api/workflow", json!({"name": "wf"})).await,
        server.post("/api/workflow/wf?version=1&correlationId=c&priority=5", "{}").await,
    ] {
        let id = answer.text();
        assert_eq!((id.len(), id.contains('"')), (36, false));
        assert_eq!(server.run(&id).await["status"], "RUNNING");
    }
}

#[tokio::test]
async fn what_a_start_is_given_is_shown() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    let request = json!({
        "name": "wf", "version": "1", "correlationId": "c", "priority": 42, "createdBy": "me",
        "input": {"a": null, "in": 1.50}, "taskToDomain": {"t": "d"}, "unknown": [1]
    });
    let id = server.post("/api/workflow", request).await.text();
    let run = server.run(&id).await;
    assert_eq!((&run["correlationId"], &run["priority"]), (&json!("c"), &json!(42)));
    assert_eq!((&run["createdBy"], &run["ownerApp"]), (&json!("me"), &json!("")));
    assert_eq!(run["input"], json!({"a": null, "in": 1.50}));
    assert_eq!(run["taskToDomain"], json!({"t": "d"}));
    assert_eq!(
        (&run["tasks"][0]["domain"], run["workflowVersion"].as_i64()),
        (&json!("d"), Some(1))
    );
}

#[tokio::test]
async fn unknown_definitions_are_named_in_each_forms_words() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    let start = |body: Value| server.post("/api/workflow", body);
    start(json!({"name": "no"}))
        .await
        .error(404, "No such workflow defined. name=no, version=null");
    start(json!({"name": "wf", "version": 0}))
        .await
        .error(404, "No such workflow defined. name=wf, version=0");
    server
        .post("/api/workflow/wf?version=2", "{}")
        .await
        .error(404, "No such workflow found by name: wf, version: 2");
    server
        .post("/api/workflow/no", "{}")
        .await
        .error(404, "No such workflow found by name: no, version: null");
}

#[tokio::test]
async fn a_request_that_breaks_rules() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    let start = |body: Value| server.post("/api/workflow", body);
    let name = format!("{REQUEST}.name");
    start(json!({})).await.broken(&[(&name, "Workflow name cannot be null or empty")]);
    let priority = format!("{REQUEST}.priority");
    start(json!({"name": "wf", "priority": -1}))
        .await
        .broken(&[(&priority, "priority: -1 should be minimum 0")]);
    start(json!({"name": "wf", "priority": 100}))
        .await
        .broken(&[(&priority, "priority: 100 should be maximum 99")]);
    server
        .post("/api/workflow/wf?priority=100", "{}")
        .await
        .broken(&[(&priority, "99 is the maximum priority value")]);
    start(json!({"name": "wf", "input": null}))
        .await
        .error(400, "NULL input passed when starting workflow");
    let external = json!({"name": "wf", "externalInputPayloadStoragePath": "a/b"});
    let words = "externalInputPayloadStoragePath: external payloads are not supported";
    start(external).await.error(400, words);
    let key = "k".repeat(1025);
    let words = "a name must not be longer than 1024 bytes";
    start(json!({"name": "wf", "correlationId": key}))
        .await
        .broken(&[(&format!("{REQUEST}.correlationId"), words)]);
    assert!(server.get("/api/workflow/running/wf").await.json(200) == json!([]));
}

/// 1.1.3: an inline definition goes through the rules of a registration and is not registered.
#[tokio::test]
async fn inline_definitions() {
    let server = Server::new();
    let mut request = json!({"name": "wf", "workflowDef": one_task("inline")});
    let id = server.post("/api/workflow", &request).await.text();
    let run = server.run(&id).await;
    assert_eq!(run["workflowName"], "inline");
    let embedded = &run["workflowDefinition"]["tasks"][0]["taskDefinition"];
    assert_eq!((&embedded["retryCount"], &embedded["name"]), (&json!(3), &json!("t")));
    assert_eq!(server.get("/api/metadata/workflow").await.json(200), json!([]));

    request["workflowDef"]["tasks"][0]["name"] = json!("");
    let path = format!("{REQUEST}.workflowDef.tasks[0].name");
    let rule = (path.as_str(), "WorkflowTask name cannot be empty or null");
    server.post("/api/workflow", &request).await.broken(&[rule]);
}

/// Design 12: a sub-workflow without a definition is 404, not 500; nothing is started.
#[tokio::test]
async fn a_missing_sub_workflow() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [{
        "name": "child", "taskReferenceName": "c", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "nobody"}
    }]});
    server.defined(&definition).await;
    let words = "The Task child defined as a sub-workflow has no workflow definition available ";
    server.post("/api/workflow", json!({"name": "wf"})).await.error(404, words);
    server.post("/api/workflow/wf", "{}").await.error(404, words);
}

/// 1.1.3, quirk 17 fixed: defaults are put under an empty input too.
#[tokio::test]
async fn defaults_go_under_the_input() {
    let server = Server::new();
    let mut definition = one_task("wf");
    definition["inputTemplate"] = json!({"in": 1, "more": {"x": 1}});
    let id = server.started(&definition, &json!({})).await;
    assert_eq!(server.run(&id).await["input"], json!({"in": 1, "more": {"x": 1}}));
    let given = json!({"in": null, "more": {"y": 2}});
    let id = server.post("/api/workflow/wf", given).await.text();
    assert_eq!(server.run(&id).await["input"], json!({"in": 1, "more": {"y": 2}}));
}

/// 3.9: a key without a strategy means FAIL (design 3).
#[tokio::test]
async fn idempotency_keys() {
    let server = Server::new();
    server.defined(&waits("wf")).await;
    let start = |strategy: Option<&str>| {
        let body = json!({"name": "wf", "idempotencyKey": "k", "idempotencyStrategy": strategy});
        server.post("/api/workflow", body)
    };
    let first = start(None).await.text();
    assert_eq!(server.run(&first).await["idempotencyKey"], "k");
    let used = format!("the idempotency key has been used by workflow {first}");
    start(None).await.error(409, &used);
    start(Some("FAIL")).await.error(409, &used);
    start(Some("FAIL_ON_RUNNING")).await.error(409, &used);
    assert_eq!(start(Some("RETURN_EXISTING")).await.text(), first);
    server.delete(&format!("/api/workflow/{first}")).await.is_empty(200);
    start(Some("FAIL")).await.error(409, &used);
    assert_ne!(start(Some("FAIL_ON_RUNNING")).await.text(), first);
    let wrong = start(Some("SOMETIMES")).await;
    let message = wrong.json(400)["message"].to_string();
    assert!(message.contains("idempotencyStrategy: unknown variant"), "{message}");
}

/// Design 5: a start over the payload limit is 413 and stores nothing.
#[tokio::test]
async fn an_input_over_the_payload_limit() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    let input = json!({"in": "x".repeat(fermata_types::limits::WORKFLOW_PAYLOAD_MAX)});
    let answer = server.post("/api/workflow/wf", &input).await;
    let limit = fermata_types::limits::WORKFLOW_PAYLOAD_MAX;
    let words = format!("The input of {} bytes is larger than {limit} bytes", limit + 9);
    answer.error(413, &words);
    server.post("/api/workflow", json!({"name": "wf", "input": input})).await.error(413, &words);
    assert_eq!(server.get("/api/workflow/running/wf").await.json(200), json!([]));
}
