//! Loops and the older kinds over the wire (`conductor-semantics` 5.8, 5.9, 5.20).

use serde_json::json;

use crate::server::{Server, result};

/// G11 and G13: the list comes from the start, only the last two iterations stay.
#[tokio::test]
async fn a_loop_over_a_list_that_keeps_two() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [{
        "name": "l", "taskReferenceName": "l", "type": "DO_WHILE",
        "items": "${workflow.input.list}", "inputParameters": {"keepLastN": 2},
        "loopOver": [{
            "name": "t", "taskReferenceName": "t_ref",
            "inputParameters": {"item": "${l.output.loopItem}", "at": "${l.output.loopIndex}"}
        }]
    }]});
    let id = server.started(&definition, &json!({"list": ["a", "b", "c"]})).await;
    let mut first = None;
    for (at, item) in ["a", "b", "c"].into_iter().enumerate() {
        let task = server.polled("t").await;
        assert_eq!(task["inputData"], json!({"item": item, "at": at}));
        server.post("/api/tasks", result(&task, "COMPLETED", &json!({"n": at}))).await.text();
        first.get_or_insert(task);
    }
    let run = server.run(&id).await;
    assert_eq!(run["status"], "COMPLETED");
    let references: Vec<_> = run["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|task| task["referenceTaskName"].as_str().expect("a name"))
        .collect();
    assert_eq!(references, ["l", "t_ref__2", "t_ref__3"]);
    let output = json!({"iteration": 3, "loopIndex": 2, "loopItem": "c",
        "2": {"t_ref": {"n": 1}}, "3": {"t_ref": {"n": 2}}});
    assert_eq!(run["tasks"][0]["outputData"], output);

    // The task of the first iteration is gone, like one that never was.
    let first = first.expect("three were taken");
    let task_id = first["taskId"].as_str().expect("an id");
    assert_eq!(server.get(&format!("/api/tasks/{task_id}")).await.status, 404);
    let late = server.post("/api/tasks", result(&first, "COMPLETED", &json!({}))).await;
    late.error(404, &format!("No such task found by id: {task_id}"));
}

/// F8 and M8: both are registered; a DECISION chooses without a script, a LAMBDA has one.
#[tokio::test]
async fn the_older_kinds() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [
        {
            "name": "d", "taskReferenceName": "d", "type": "DECISION", "caseValueParam": "on",
            "inputParameters": {"on": "${workflow.input.on}"},
            "decisionCases": {"yes": [{"name": "t", "taskReferenceName": "t_ref"}]}
        },
        {
            "name": "x", "taskReferenceName": "x", "type": "LAMBDA", "optional": true,
            "inputParameters": {"scriptExpression": "return 1;"}
        }
    ]});
    let id = server.started(&definition, &json!({"on": "yes"})).await;
    server.completed("t", &json!({})).await;
    let run = server.run(&id).await;
    assert_eq!(run["tasks"][0]["taskType"], "DECISION");
    assert_eq!(run["tasks"][0]["inputData"], json!({"case": "yes", "hasChildren": "true"}));
    assert_eq!(run["tasks"][0]["outputData"], json!({"caseOutput": ["yes"]}));
    assert_eq!(run["tasks"][2]["taskType"], "LAMBDA");
    assert_eq!(run["tasks"][2]["outputData"], json!({"error": "no scripts here"}));
}
