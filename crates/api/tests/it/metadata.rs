//! `conductor-rest` 1.5 and 8: definitions.

use fermata_api::Options;
use fermata_decider::definition::validate::{NameCharacters, OwnerEmail};
use fermata_storage::ModelStore;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::server::{Server, one_task};

fn version(name: &str, version: i32) -> Value {
    let mut definition = one_task(name);
    definition["version"] = json!(version);
    definition
}

#[tokio::test]
async fn a_definition_comes_back_with_its_defaults() {
    let server = Server::new();
    server.post("/api/metadata/workflow", one_task("wf")).await.is_empty(200);
    let found = server.get("/api/metadata/workflow/wf").await.json(200);
    assert_eq!((&found["version"], &found["schemaVersion"]), (&json!(1), &json!(2)));
    assert_eq!(found["tasks"][0]["type"], "SIMPLE");
    assert!(found["createTime"].as_i64() > Some(0));
    assert_eq!(found["updateTime"], 0);
    server
        .post("/api/metadata/workflow", one_task("wf"))
        .await
        .error(409, "Workflow with wf.1 already exists!");
    server.post("/api/metadata/workflow?overwrite=True", one_task("wf")).await.is_empty(200);
    let found = server.get("/api/metadata/workflow/wf?version=1").await.json(200);
    assert!(found["updateTime"].as_i64() > Some(0));
}

#[tokio::test]
async fn unknown_definitions() {
    let server = Server::new();
    let words = "No such workflow found by name: no, version: null";
    server.get("/api/metadata/workflow/no").await.error(404, words);
    let words = "No such workflow found by name: no, version: 3";
    server.get("/api/metadata/workflow/no?version=3").await.error(404, words);
    let words = "No such workflow definition: no version: 3";
    server.delete("/api/metadata/workflow/no/3").await.error(404, words);
    let words = "version: expected an integer in the path, found \"tags\"";
    server.delete("/api/metadata/workflow/no/tags").await.error(400, words);
    assert_eq!(server.get("/api/metadata/workflow/no/versions").await.json(200), json!([]));
}

#[tokio::test]
async fn lists() {
    let server = Server::new();
    let mut agent = version("b", 1);
    agent["metadata"] = json!({"agent_sdk": "x"});
    let mut special = version("c", 1);
    special["metadata"] = json!({"classifier": "Special"});
    for definition in [version("a", 2), version("a", 10), agent, special] {
        server.defined(&definition).await;
    }
    let names = |path: &str| {
        let path = format!("/api/metadata/workflow{path}");
        let server = &server;
        async move {
            let found = server.get(&path).await.json(200);
            let name =
                |it: &Value| format!("{}.{}", it["name"].as_str().expect("name"), it["version"]);
            found.as_array().expect("a list").iter().map(name).collect::<Vec<_>>()
        }
    };
    assert_eq!(names("").await, ["a.2", "a.10", "b.1", "c.1"]);
    assert_eq!(names("/latest-versions").await, ["a.10", "b.1", "c.1"]);
    assert_eq!(names("/a/versions").await, ["a.2", "a.10"]);
    assert_eq!(names("?classifier=AGENT").await, ["b.1"]);
    assert_eq!(names("?classifier=special").await, ["c.1"]);
    assert_eq!(names("?classifier=workflow").await, ["a.2", "a.10"]);
    let found = server.get("/api/metadata/workflow/names").await.json(200);
    assert_eq!(found, json!(["a", "b", "c"]));
    let found = server.get("/api/metadata/workflow/names-and-versions").await.json(200);
    assert_eq!(found["a"][1]["version"], 10);
    assert!(found["a"][1]["createTime"].as_i64() > Some(0));
    // Latest is the highest version, also after it is gone.
    assert_eq!(server.get("/api/metadata/workflow/a").await.json(200)["version"], 10);
    server.delete("/api/metadata/workflow/a/10").await.is_empty(200);
    assert_eq!(server.get("/api/metadata/workflow/a").await.json(200)["version"], 2);
}

#[tokio::test]
async fn put_takes_a_list_all_or_nothing() {
    let server = Server::new();
    let mut bad = version("b", 1);
    bad["tasks"] = json!([]);
    let path = "updateWorkflowDef.workflowDefList[1].tasks";
    server
        .put("/api/metadata/workflow", json!([version("a", 1), bad]))
        .await
        .broken(&[(path, "WorkflowTask list cannot be empty")]);
    assert_eq!(server.get("/api/metadata/workflow/names").await.json(200), json!([]));
    let mut first = version("a", 1);
    first["createTime"] = json!(77);
    let answer = server.put("/api/metadata/workflow", json!([first, version("b", 1)])).await;
    let expected = json!({"bulkErrorResults": {}, "bulkSuccessfulResults": ["a", "b"]});
    assert_eq!(answer.json(200), expected);
    let found = server.get("/api/metadata/workflow/a").await.json(200);
    assert_eq!(found["createTime"], 77);
    assert!(found["updateTime"].as_i64() > Some(0));
    let list = "updateWorkflowDef.workflowDefList";
    server.put("/api/metadata/workflow", "[]").await.broken(&[(list, "WorkflowDef list is empty")]);
}

#[tokio::test]
async fn rules_have_paths() {
    let server = Server::new();
    let mut bad = one_task("");
    bad["schemaVersion"] = json!(1);
    bad["tasks"][0]["taskReferenceName"] = json!("");
    bad["tasks"].as_array_mut().expect("a list").push(json!({
        "name": "s", "taskReferenceName": "s", "type": "SWITCH", "evaluatorType": "javascript"
    }));
    for (path, prefix) in [
        ("/api/metadata/workflow", "registerWorkflowDef.workflowDef"),
        ("/api/metadata/workflow/validate", "validateWorkflowDef.workflowDef"),
    ] {
        let answer = server.post(path, &bad).await.json(400);
        let errors = answer["validationErrors"].as_array().expect("a list");
        let find = |rest: &str| {
            let path = format!("{prefix}.{rest}");
            let found = errors.iter().find(|error| error["path"] == path);
            found.unwrap_or_else(|| panic!("{path} in {answer}"))["message"].clone()
        };
        assert_eq!(find("name"), "WorkflowDef name cannot be null or empty");
        assert_eq!(find("schemaVersion"), "workflowDef schemaVersion: 2 is only supported");
        let words = "WorkflowTask taskReferenceName name cannot be empty or null";
        assert_eq!(find("tasks[0].taskReferenceName"), words);
    }
    server.post("/api/metadata/workflow/validate", one_task("wf")).await.is_empty(200);
    assert_eq!(server.get("/api/metadata/workflow").await.json(200), json!([]));
}

/// What this version cannot run is refused when it is registered.
#[tokio::test]
async fn task_types_that_are_not_supported_yet() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [{
        "name": "k", "taskReferenceName": "k", "type": "KAFKA_PUBLISH",
        "inputParameters": {"kafka_request": {}}
    }]});
    let answer = server.post("/api/metadata/workflow", definition).await;
    let words = "task type KAFKA_PUBLISH is not supported by this version of Fermata";
    let body = answer.json(400);
    assert_eq!(body["validationErrors"][0]["message"], words);
    assert_eq!(body["validationErrors"][0]["invalidValue"], "KAFKA_PUBLISH");
    let path = body["validationErrors"][0]["path"].as_str().expect("a path");
    assert!(path.starts_with("registerWorkflowDef.workflowDef.tasks[0]"), "{path}");
}

#[tokio::test]
async fn names_have_a_limit() {
    let server = Server::new();
    let words = "a name must not be longer than 1024 bytes";
    let long = one_task(&"n".repeat(1025));
    let path = "registerWorkflowDef.workflowDef.name";
    server.post("/api/metadata/workflow", long).await.broken(&[(path, words)]);
    let mut long = one_task("wf");
    long["tasks"][0]["name"] = json!("n".repeat(1025));
    let path = "registerWorkflowDef.workflowDef.tasks";
    server.post("/api/metadata/workflow", long).await.broken(&[(path, words)]);
    let long = json!([{"name": "n".repeat(1025)}]);
    let path = "registerTaskDef.taskDefinitions[0].name";
    server.post("/api/metadata/taskdefs", long).await.broken(&[(path, words)]);
}

#[tokio::test]
async fn task_definitions() {
    let server = Server::new();
    let path = "/api/metadata/taskdefs";
    server.put(path, json!({"name": "t"})).await.error(404, "No such task by name t");
    server.post(path, json!([{"name": "t"}, {"name": "u", "retryCount": "2"}])).await.is_empty(200);
    let found = server.get("/api/metadata/taskdefs/u").await.json(200);
    assert_eq!((&found["retryCount"], &found["createdBy"]), (&json!(2), &json!("")));
    assert_eq!(
        (&found["rateLimitFrequencyInSeconds"], &found["updateTime"]),
        (&json!(1), &json!(0))
    );
    server.put(path, json!({"name": "u", "retryCount": 9})).await.is_empty(200);
    let changed = server.get("/api/metadata/taskdefs/u").await.json(200);
    assert_eq!((&changed["retryCount"], &changed["createTime"]), (&json!(9), &found["createTime"]));
    assert_eq!(changed["updatedBy"], "");
    let all = server.get(path).await.json(200);
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    server.delete("/api/metadata/taskdefs/t").await.is_empty(200);
    let words = "No such taskType found by name: t";
    server.get("/api/metadata/taskdefs/t").await.error(404, words);
    let words = "No such task definition";
    server.delete("/api/metadata/taskdefs/t").await.error(404, words);
}

#[tokio::test]
async fn task_definitions_that_break_rules() {
    let server = Server::new();
    let path = "/api/metadata/taskdefs";
    let list = "registerTaskDef.taskDefinitions";
    server.post(path, "[]").await.broken(&[(list, "TaskDefList is empty")]);
    server
        .post(path, json!([{"name": "ok"}, {}]))
        .await
        .broken(&[(&format!("{list}[1].name"), "TaskDef name cannot be null or empty")]);
    let answer = server.post(path, json!([{"name": "t", "timeoutSeconds": 60}])).await.json(400);
    let words = "TaskDef: t responseTimeoutSeconds: 3600 must be less than timeoutSeconds: 60";
    assert_eq!(answer["validationErrors"][0]["message"], words);
    let answer = server.put(path, json!({"name": ""})).await.json(400);
    assert_eq!(answer["validationErrors"][0]["path"], "updateTaskDef.taskDefinition.name");
    assert_eq!(server.get(path).await.json(200), json!([]));
}

/// 7.2.
#[tokio::test]
async fn the_servers_options_hold() {
    let options = Options {
        owner_email: OwnerEmail::Required,
        name_characters: NameCharacters::Restricted,
        ..Options::default()
    };
    let server = Server::over(Arc::new(ModelStore::new()), options);
    let answer = server.post("/api/metadata/workflow", one_task("a/b")).await.json(400);
    let messages = answer["validationErrors"].to_string();
    assert!(messages.contains("ownerEmail cannot be empty"), "{messages}");
    assert!(messages.contains("Invalid name 'a/b'"), "{messages}");
}

/// What a step lacks may come from the template of its task definition (8).
#[tokio::test]
async fn validation_sees_registered_templates() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [{
        "name": "jq", "taskReferenceName": "j", "type": "JSON_JQ_TRANSFORM"
    }]});
    let path = "/api/metadata/workflow/validate";
    let before = server.post(path, &definition).await.json(400).to_string();
    assert!(before.contains("queryExpression"), "{before}");
    let task = json!([{"name": "jq", "inputTemplate": {"queryExpression": "."}}]);
    server.post("/api/metadata/taskdefs", task).await.is_empty(200);
    let after = server.post(path, &definition).await.body;
    assert!(!after.contains("queryExpression"), "{after}");
}
