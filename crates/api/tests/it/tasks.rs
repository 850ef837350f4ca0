//! `conductor-rest` 1.4: polls, results, by reference, logs.

use serde_json::{Value, json};

use crate::server::{Server, one_task, result};

/// Two worker tasks of type `t`, one after the other.
fn two_tasks() -> Value {
    json!({"name": "two", "tasks": [
        {"name": "t", "taskReferenceName": "a"},
        {"name": "t", "taskReferenceName": "b"}
    ]})
}

#[tokio::test]
async fn a_run_of_one_task() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({"in": 7})).await;
    let task = server.polled("t").await;
    assert_eq!(task["workflowInstanceId"], id);
    assert_eq!(task["inputData"], json!({"in": 7}));
    let answer = server.post("/api/tasks", result(&task, "COMPLETED", &json!({"out": 8}))).await;
    assert_eq!(answer.text(), task["taskId"].as_str().expect("an id"));
    let run = server.run(&id).await;
    assert_eq!((&run["status"], &run["output"]), (&json!("COMPLETED"), &json!({"out": 8})));
}

#[tokio::test]
async fn empty_polls() {
    let server = Server::new();
    server.get("/api/tasks/poll/nothing").await.is_empty(204);
    let empty = server.get("/api/tasks/poll/batch/nothing?count=5&timeout=1").await;
    assert_eq!(empty.json(200), json!([]));
    server
        .get("/api/tasks/poll/batch/t?timeout=5001")
        .await
        .error(400, "Long Poll Timeout value cannot be more than 5 seconds");
    server
        .get("/api/tasks/poll/batch/t?count=many")
        .await
        .error(400, "count: expected an integer, found \"many\"");
}

#[tokio::test]
async fn a_batch_poll_takes_what_is_ready() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    for _ in 0..3 {
        server.post("/api/workflow/wf", "{}").await.text();
    }
    let mut taken = 0;
    while taken < 3 {
        let path = "/api/tasks/poll/batch/t?count=10&timeout=5000&workerid=w";
        let tasks = server.get(path).await.json(200);
        let tasks = tasks.as_array().expect("a list");
        assert!(!tasks.is_empty(), "three tasks are ready");
        assert!(tasks.iter().all(|task| task["workerId"] == "w"));
        taken += tasks.len();
    }
    assert_eq!(taken, 3);
}

/// An empty domain is none.
#[tokio::test]
async fn domains() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    let start = json!({"name": "wf", "taskToDomain": {"t": "d"}});
    server.post("/api/workflow", start).await.text();
    server.get("/api/tasks/poll/t?domain=").await.is_empty(204);
    let task = server.get("/api/tasks/poll/t?domain=d").await.json(200);
    assert_eq!(task["domain"], "d");
}

#[tokio::test]
async fn update_v2_answers_the_next_task() {
    let server = Server::new();
    server.started(&two_tasks(), &json!({})).await;
    let first = server.polled("t").await;
    let update = |task: &Value, status: &str| {
        server.post("/api/tasks/update-v2", result(task, status, &json!({})))
    };
    update(&first, "IN_PROGRESS").await.is_empty(204);
    let again = server.polled("t").await;
    assert_eq!((&again["taskId"], &again["pollCount"]), (&first["taskId"], &json!(2)));
    let next = update(&first, "COMPLETED").await.json(200);
    assert_eq!((&next["referenceTaskName"], &next["workerId"]), (&json!("b"), &json!("w1")));
    update(&next, "COMPLETED").await.is_empty(204);
    // Closed long ago: still polls.
    update(&first, "COMPLETED").await.is_empty(204);
    let mut lease = result(&next, "IN_PROGRESS", &json!({}));
    lease["extendLease"] = json!(true);
    server.post("/api/tasks/update-v2", lease).await.is_empty(204);
}

/// A result that comes after the end of the run is ignored, and is no reason to poll.
#[tokio::test]
async fn results_after_the_end_are_ignored() {
    let server = Server::new();
    let id = server.started(&two_tasks(), &json!({})).await;
    let task = server.polled("t").await;
    server.delete(&format!("/api/workflow/{id}")).await.is_empty(200);
    server.post("/api/workflow/two", "{}").await.text();
    let late = result(&task, "COMPLETED", &json!({}));
    assert_eq!(server.post("/api/tasks", &late).await.text(), task["taskId"].as_str().expect("id"));
    server.post("/api/tasks/update-v2", &late).await.is_empty(204);
    assert_eq!(server.run(&id).await["tasks"][0]["status"], "CANCELED");
}

#[tokio::test]
async fn results_for_what_is_not_there() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let other = server.post("/api/workflow/wf", "{}").await.text();
    let task = format!("{}00000001", &id[..28]);
    let of = |run: &str, task: &str| {
        let done = "COMPLETED";
        json!({"workflowInstanceId": run, "taskId": task, "status": done})
    };
    let none = "0190a6a0-0000-7000-8000-000000000000";
    let none_task = "0190a6a0-0000-7000-8000-000000000001";
    for path in ["/api/tasks", "/api/tasks/update-v2"] {
        let no_run = "No such workflow found by id: x";
        server.post(path, of("x", &task)).await.error(404, no_run);
        let no_run = format!("No such workflow found by id: {none}");
        server.post(path, of(none, none_task)).await.error(404, &no_run);
        server.post(path, of(&id, "y")).await.error(404, "No such task found by id: y");
        // Quirk 70, fixed: the task has to be of that run.
        let no_task = format!("No such task found by id: {task}");
        server.post(path, of(&other, &task)).await.error(404, &no_task);
        let unknown = format!("{}00000009", &id[..28]);
        let no_task = format!("No such task found by id: {unknown}");
        server.post(path, of(&id, &unknown)).await.error(404, &no_task);
    }
    let lease = json!({"workflowInstanceId": none, "taskId": none_task, "extendLease": true});
    let no_task = format!("No such task found by id: {none_task}");
    server.post("/api/tasks", lease).await.error(404, &no_task);
    assert_eq!(server.run(&id).await["tasks"][0]["status"], "SCHEDULED");
}

#[tokio::test]
async fn results_that_break_rules() {
    let server = Server::new();
    for path in ["/api/tasks", "/api/tasks/update-v2"] {
        server.post(path, json!({"status": "COMPLETED"})).await.broken(&[
            ("updateTask.taskResult.workflowInstanceId", "Workflow Id cannot be null or empty"),
            ("updateTask.taskResult.taskId", "Task ID cannot be null or empty"),
        ]);
    }
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let mut bad = result(&task, "COMPLETED", &json!({}));
    bad["status"] = Value::Null;
    server.post("/api/tasks", &bad).await.error(400, "status: the field is missing");
    bad["status"] = json!("DONE");
    let answer = server.post("/api/tasks", &bad).await.json(400);
    let message = answer["message"].as_str().expect("a text");
    assert!(message.starts_with("status: "), "{message}");
    bad = result(&task, "COMPLETED", &json!([1]));
    let answer = server.post("/api/tasks", &bad).await.json(400);
    let message = answer["message"].as_str().expect("a text");
    assert!(message.starts_with("outputData: expected a JSON object or null"), "{message}");
    assert_eq!(server.run(&id).await["tasks"][0]["status"], "IN_PROGRESS");
}

/// 1.4 details: the lease is only extended, and also after the end it is no error.
#[tokio::test]
async fn extending_a_lease_changes_nothing_else() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    assert_eq!(task["responseTimeoutSeconds"], 3600);
    let lease = json!({
        "workflowInstanceId": id, "taskId": task["taskId"], "extendLease": true,
        "status": null, "outputData": {"a": 1}, "workerId": "other"
    });
    server.post("/api/tasks", &lease).await.text();
    let shown = server.run(&id).await["tasks"][0].clone();
    assert_eq!((&shown["status"], &shown["outputData"]), (&json!("IN_PROGRESS"), &json!({})));
    assert_eq!((&shown["workerId"], &shown["pollCount"]), (&json!("w1"), &json!(1)));
    server.post("/api/tasks", result(&task, "COMPLETED", &json!({}))).await.text();
    server.post("/api/tasks", &lease).await.text();
}

#[tokio::test]
async fn progress_is_handed_out_again_with_its_output() {
    let server = Server::new();
    server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let progress = result(&task, "IN_PROGRESS", &json!({"half": true}));
    server.post("/api/tasks", progress).await.text();
    let again = server.polled("t").await;
    assert_eq!(again["outputData"], json!({"half": true}));
    assert_eq!(again["taskId"], task["taskId"]);
}

#[tokio::test]
async fn by_reference() {
    let server = Server::new();
    let id = server.started(&two_tasks(), &json!({})).await;
    let path = |rest: &str| format!("/api/tasks/{id}/{rest}");
    let answer = server.post(&path("a/IN_PROGRESS?workerid=w9"), json!({"x": 1, "y": 1})).await;
    let task = server.get(&format!("/api/tasks/{}", answer.text())).await.json(200);
    assert_eq!((&task["workerId"], &task["status"]), (&json!("w9"), &json!("SCHEDULED")));
    let done = server.post(&path("a/COMPLETED"), json!({"y": 2})).await;
    assert_eq!(done.text(), task["taskId"].as_str().expect("an id"));
    assert_eq!(server.run(&id).await["tasks"][0]["outputData"], json!({"x": 1, "y": 2}));
    // No such task is open: 200 and nothing.
    for (run, reference) in [(&*id, "a"), (&*id, "zzz"), ("no-run", "a")] {
        let path = format!("/api/tasks/{run}/{reference}/COMPLETED");
        server.post(&path, "{}").await.is_empty(200);
        let words = format!("Found no running task {reference} of workflow {run} to update");
        server.post(&format!("{path}/sync"), "{}").await.error(404, &words);
    }
    let run = server.post(&path("b/COMPLETED/sync"), "{}").await.json(200);
    assert_eq!((&run["status"], &run["workflowId"]), (&json!("COMPLETED"), &json!(id)));
    let answer = server.post(&path("b/DONE"), "{}").await.json(400);
    let words = "status: unknown task result status \"DONE\", expected one of IN_PROGRESS, \
        FAILED, FAILED_WITH_TERMINAL_ERROR, COMPLETED, CANCELED";
    assert_eq!(answer["message"], words);
    let answer = server.post(&path("b/COMPLETED"), "[]").await;
    answer.error(400, "the body must be a JSON object");
}

#[tokio::test]
async fn logs() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let task_id = task["taskId"].as_str().expect("an id");
    let path = format!("/api/tasks/{task_id}/log");
    server.get(&path).await.is_empty(204);
    server.post(&path, "plain, and \"not\" JSON").await.is_empty(200);
    server.post(&path, "\"quotes stay\"").await.is_empty(200);
    let mut done = result(&task, "COMPLETED", &json!({}));
    done["logs"] = json!([{"log": "by result", "createdTime": 5}, {"createdTime": 6}]);
    server.post("/api/tasks", done).await.text();
    let lines = server.get(&path).await.json(200);
    let texts: Vec<&Value> =
        lines.as_array().expect("a list").iter().map(|line| &line["log"]).collect();
    assert_eq!(texts, ["plain, and \"not\" JSON", "\"quotes stay\"", "by result"]);
    assert_eq!((&lines[2]["createdTime"], &lines[2]["taskId"]), (&json!(5), &json!(task_id)));
    server.post(&path, "").await.error(400, "the body is missing");
    // Existence is not checked.
    for nobody in ["x", "0190a6a0-0000-7000-8000-000000000001", &format!("{}00000009", &id[..28])] {
        let path = format!("/api/tasks/{nobody}/log");
        server.post(&path, "line").await.is_empty(200);
        server.get(&path).await.is_empty(204);
    }
}

#[tokio::test]
async fn unknown_tasks() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    let unknown = format!("{}00000009", &id[..28]);
    for nobody in ["x", "0190a6a0-0000-7000-8000-000000000001", &id, &unknown] {
        let words = format!("Task not found for taskId: {nobody}");
        server.get(&format!("/api/tasks/{nobody}")).await.error(404, &words);
    }
}
