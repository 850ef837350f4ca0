//! `conductor-rest` 1.1: reading and steering runs.

use serde_json::{Value, json};

use crate::server::{Server, one_task, waits};

const NOBODY: &str = "0190a6a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn unknown_runs_are_404_wherever_they_are_looked_up() {
    let server = Server::new();
    let task = NOBODY.replace("000000000000", "000000000001");
    for id in [NOBODY, "not-an-id", &task] {
        let words = format!("No such workflow found by id: {id}");
        let path = |rest: &str| format!("/api/workflow/{id}{rest}");
        server.get(&path("")).await.error(404, &words);
        server.get(&path("/status")).await.error(404, &words);
        server.get(&path("/tasks")).await.error(404, &words);
        server.put(&path("/pause"), "").await.error(404, &words);
        server.put(&path("/resume"), "").await.error(404, &words);
        server.put(&format!("/api/workflow/decide/{id}"), "").await.error(404, &words);
        server.delete(&path("")).await.error(404, &words);
        server.delete(&path("/remove")).await.error(404, &words);
        server.delete(&path("/remove?archiveWorkflow=false")).await.error(404, &words);
        server.delete(&path("/terminate-remove")).await.error(404, &words);
    }
}

#[tokio::test]
async fn tasks_are_left_out_on_request() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    for (spelling, count) in [("True", 1), ("False", 0), ("off", 0), ("1", 1), ("", 1)] {
        let run = server.get(&format!("/api/workflow/{id}?includeTasks={spelling}")).await;
        assert_eq!(run.json(200)["tasks"].as_array().map(Vec::len), Some(count), "{spelling}");
    }
    server
        .get(&format!("/api/workflow/{id}?includeTasks=perhaps"))
        .await
        .error(400, "includeTasks: expected true or false, found \"perhaps\"");
}

/// 3.11.
#[tokio::test]
async fn the_status_tells_what_it_is_asked_for() {
    let server = Server::new();
    let mut definition = one_task("wf");
    definition["variables"] = json!({"v": [1]});
    let id = server.started(&definition, &json!({})).await;
    let status = |query: &str| {
        let path = format!("/api/workflow/{id}/status{query}");
        let server = &server;
        async move { server.get(&path).await.json(200) }
    };
    assert_eq!(status("").await, json!({"workflowId": id, "status": "RUNNING"}));
    assert_eq!(
        status("?includeOutput=true&includeVariables=true").await,
        json!({"workflowId": id, "status": "RUNNING", "output": {}, "variables": {"v": [1]}})
    );
}

#[tokio::test]
async fn tasks_come_in_pages_by_status() {
    let server = Server::new();
    let steps: Vec<Value> = (0..20)
        .map(|n| {
            let reference = format!("v{n}");
            json!({"name": "v", "taskReferenceName": reference, "type": "SET_VARIABLE"})
        })
        .chain([json!({"name": "t", "taskReferenceName": "last"})])
        .collect();
    let definition = json!({"name": "wf", "tasks": steps});
    let id = server.started(&definition, &json!({})).await;
    let page = |query: &str| {
        let path = format!("/api/workflow/{id}/tasks{query}");
        let server = &server;
        async move {
            let page = server.get(&path).await.json(200);
            let results = page["results"].as_array().expect("a list");
            let seqs: Vec<i64> =
                results.iter().map(|task| task["seq"].as_i64().expect("seq")).collect();
            (page["totalHits"].as_i64().expect("hits"), seqs)
        }
    };
    assert_eq!(page("").await, (21, (1..=15).collect()));
    assert_eq!(page("?start=18&count=2").await, (21, vec![19, 20]));
    assert_eq!(page("?status=scheduled").await, (1, vec![21]));
    assert_eq!(page("?status=COMPLETED,SCHEDULED&start=20").await, (21, vec![21]));
    assert_eq!(page("?status=COMPLETED&status=NONE&count=1").await, (20, vec![1]));
    assert_eq!(page("?status=NONE").await, (0, vec![]));
    assert_eq!(page("?start=-5&count=-1").await, (21, vec![]));
}

/// 1.1; design 12: resuming what is not paused is 409.
#[tokio::test]
async fn pause_and_resume() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let path = |rest: &str| format!("/api/workflow/{id}/{rest}");
    let not_paused = |status: &str| {
        format!("The workflow {id} is not PAUSED so cannot resume. Current status is {status}")
    };
    server.put(&path("resume"), "").await.error(409, &not_paused("RUNNING"));
    server.put(&path("pause"), "").await.is_empty(200);
    server.put(&path("pause"), "").await.is_empty(200);
    assert_eq!(server.run(&id).await["status"], "PAUSED");
    server.put(&path("resume"), "").await.is_empty(200);
    let run = server.run(&id).await;
    assert_eq!(run["status"], "RUNNING");
    assert!(run["lastRetriedTime"].as_i64() > Some(0));
    server.delete(&format!("/api/workflow/{id}")).await.is_empty(200);
    let ended = format!("Workflow {id} has ended, status cannot be updated.");
    server.put(&path("pause"), "").await.error(409, &ended);
    server.put(&path("resume"), "").await.error(409, &not_paused("TERMINATED"));
}

#[tokio::test]
async fn terminate() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let path = format!("/api/workflow/{id}?reason=enough%20of%20it&triggerFailureWorkflow=false");
    server.delete(&path).await.is_empty(200);
    server.delete(&path).await.is_empty(200);
    let run = server.run(&id).await;
    assert_eq!(run["status"], "TERMINATED");
    assert_eq!(run["reasonForIncompletion"], "enough of it");
    let task = &run["tasks"][0];
    assert_eq!((&task["status"], &task["endTime"]), (&json!("CANCELED"), &run["endTime"]));

    let id = server.post("/api/workflow/wf", "{}").await.text();
    server.completed("t", &json!({})).await;
    let words = "Cannot terminate a COMPLETED workflow.";
    server.delete(&format!("/api/workflow/{id}")).await.error(409, words);
    server.delete(&format!("/api/workflow/{id}/terminate-remove")).await.error(409, words);
    assert_eq!(server.run(&id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn remove() {
    let server = Server::new();
    server.defined(&waits("wf")).await;
    let start = || async { server.post("/api/workflow/wf", "{}").await.text() };
    let open = start().await;
    let words = format!("Cannot archive workflow: {open} with status: RUNNING");
    server.delete(&format!("/api/workflow/{open}/remove")).await.error(400, &words);
    let path = format!("/api/workflow/{open}/remove?archiveWorkflow=false");
    server.delete(&path).await.is_empty(200);
    let other = start().await;
    server.delete(&format!("/api/workflow/{other}/terminate-remove?reason=r")).await.is_empty(200);
    for id in [open, other] {
        let words = format!("No such workflow found by id: {id}");
        server.get(&format!("/api/workflow/{id}")).await.error(404, &words);
    }
}

#[tokio::test]
async fn deciding_a_run_finds_nothing_to_do() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let before = server.run(&id).await;
    server.put(&format!("/api/workflow/decide/{id}"), "").await.is_empty(200);
    assert_eq!(server.run(&id).await, before);
}

/// `conductor-semantics` 4.3: failed tasks are named once the run has ended.
#[tokio::test]
async fn failed_tasks_are_named() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let result = crate::server::result(&task, "FAILED_WITH_TERMINAL_ERROR", &json!({}));
    server.post("/api/tasks", result).await.text();
    let run = server.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert_eq!(run["failedReferenceTaskNames"], json!(["t_ref"]));
    assert_eq!(run["failedTaskNames"], json!(["t"]));
}
