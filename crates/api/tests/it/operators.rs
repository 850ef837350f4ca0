//! Tasks made from data, as clients see them (`conductor-semantics` 5.4, 5.6, 5.10 and 8.2).

use serde_json::{Value, json};

use crate::server::{Server, result};

fn definition() -> Value {
    json!({"name": "wide", "tasks": [
        {"name": "d", "taskReferenceName": "d", "type": "DYNAMIC", "dynamicTaskNameParam": "which",
         "inputParameters": {"which": "${workflow.input.which}"}},
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN_DYNAMIC",
         "dynamicForkTasksParam": "tasks", "dynamicForkTasksInputParamName": "inputs",
         "inputParameters": {
             "tasks": "${workflow.input.tasks}", "inputs": "${workflow.input.inputs}"}},
        {"name": "j", "taskReferenceName": "j", "type": "JOIN"},
        {"name": "x", "taskReferenceName": "x", "type": "EXCLUSIVE_JOIN", "joinOn": ["d"]}]})
}

#[tokio::test]
async fn tasks_made_from_data() {
    let server = Server::new();
    server.defined(&definition()).await;
    let more = json!([{"name": "t", "retryCount": 1, "responseTimeoutSeconds": 77,
        "rateLimitPerFrequency": 5}]);
    server.post("/api/metadata/taskdefs", more).await.is_empty(200);
    let input = json!({
        "which": "t",
        "tasks": [
            {"name": "t", "taskReferenceName": "one", "inputParameters": {"own": 1}},
            {"name": "w", "taskReferenceName": "two", "type": "WAIT"}],
        "inputs": {"one": {"given": 2}}});
    let id = server.post("/api/workflow/wide", input).await.text();

    let task = server.polled("t").await;
    assert_eq!((&task["referenceTaskName"], &task["taskType"]), (&json!("d"), &json!("t")));
    assert_eq!((&task["taskDefName"], &task["workflowTask"]["name"]), (&json!("t"), &json!("t")));
    assert_eq!(task["workflowTask"]["taskReferenceName"], "d");
    assert_eq!(task["responseTimeoutSeconds"], 77);
    server.post("/api/tasks", result(&task, "COMPLETED", &json!({"out": 8}))).await.text();

    let task = server.polled("t").await;
    assert_eq!(task["referenceTaskName"], "one");
    assert_eq!(task["inputData"], json!({"own": 1, "given": 2}));
    let step = &task["workflowTask"];
    assert_eq!((&step["taskReferenceName"], &step["type"]), (&json!("one"), &json!("SIMPLE")));
    assert_eq!(step["inputParameters"], json!({"own": 1, "given": 2}));
    assert_eq!(step["taskDefinition"]["responseTimeoutSeconds"], 77);
    assert_eq!(task["rateLimitPerFrequency"], 5);
    server.post("/api/tasks", result(&task, "COMPLETED", &json!({"n": 1}))).await.text();

    let path = format!("/api/tasks/{id}/two/COMPLETED/sync");
    server.post(&path, json!({"n": 2})).await.json(200);
    let run = server.run(&id).await;
    assert_eq!(run["status"], "COMPLETED", "{run}");
    let tasks = run["tasks"].as_array().expect("a list");
    let names: Vec<_> = tasks.iter().map(|task| task["referenceTaskName"].clone()).collect();
    assert_eq!(names, ["d", "f", "one", "two", "j", "x"]);
    let (fork, join) = (&tasks[1], &tasks[4]);
    assert_eq!((&fork["taskType"], &fork["status"]), (&json!("FORK"), &json!("COMPLETED")));
    assert_eq!(fork["inputData"]["forkedTasks"], json!(["one", "two"]));
    let forked = &fork["inputData"]["forkedTaskDefs"][0];
    assert_eq!((&forked["name"], &forked["taskReferenceName"]), (&json!("t"), &json!("one")));
    assert_eq!(join["inputData"], json!({"joinOn": ["one", "two"]}));
    assert_eq!(join["outputData"], json!({"one": {"n": 1}, "two": {"n": 2}}));
    assert_eq!(tasks[3]["workflowTask"]["type"], "WAIT");
    assert_eq!(tasks[5]["outputData"], json!({"out": 8}));
}

/// The start answers an id, and the run has failed.
#[tokio::test]
async fn data_that_describes_no_tasks() {
    let server = Server::new();
    server.defined(&definition()).await;
    let id = server.post("/api/workflow/wide", json!({"which": 7})).await.text();
    let run = server.run(&id).await;
    let words = "Cannot map a dynamic task based on the parameter and input. Parameter= which, \
                 input= {\"which\":7}";
    assert_eq!((&run["status"], &run["reasonForIncompletion"]), (&json!("FAILED"), &json!(words)));
}

#[tokio::test]
async fn definitions_that_lack_what_names_the_data() {
    let server = Server::new();
    let wrong = json!({"name": "wf", "tasks": [
        {"name": "d", "taskReferenceName": "d", "type": "DYNAMIC"},
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN_DYNAMIC",
         "dynamicForkJoinTasksParam": "a", "dynamicForkTasksParam": "b"}]});
    let answer = server.post("/api/metadata/workflow", wrong).await.json(400);
    let errors = answer["validationErrors"].as_array().expect("a list");
    let messages: Vec<_> = errors.iter().map(|error| error["message"].clone()).collect();
    assert_eq!(
        messages,
        [
            "dynamicTaskNameParam field is required for taskType: DYNAMIC taskName: d",
            "dynamicForkJoinTasksParam or combination of dynamicForkTasksInputParamName and \
             dynamicForkTasksParam cam be used for taskType: FORK_JOIN_DYNAMIC taskName: f",
        ]
    );
}
