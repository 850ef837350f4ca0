//! `conductor-rest` 1.4: sizes and polls.

use serde_json::json;

use crate::server::{Server, one_task};

#[tokio::test]
async fn sizes() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    server.post("/api/workflow/wf", "{}").await.text();
    server.post("/api/workflow/wf", "{}").await.text();
    let start = json!({"name": "wf", "taskToDomain": {"t": "d"}});
    server.post("/api/workflow", start).await.text();
    let get = |path: &str| {
        let path = format!("/api/tasks/queue/{path}");
        let server = &server;
        async move { server.get(&path).await.json(200) }
    };
    assert_eq!(get("size?taskType=t").await, json!(2));
    assert_eq!(get("size?taskType=t&domain=%20").await, json!(2));
    assert_eq!(get("size?taskType=t&domain=d").await, json!(1));
    assert_eq!(get("size?taskType=t&isolationGroupId=g").await, json!(0));
    assert_eq!(get("sizes?taskType=t&taskType=u,d:t").await, json!({"d:t": 1, "t": 2, "u": 0}));
    assert_eq!(get("all").await, json!({"d:t": 1, "t": 2}));
    let verbose = get("all/verbose").await;
    assert_eq!(verbose["t"], json!({"a": {"size": 2, "uacked": 0}}));
    let words = "taskType: the query parameter is missing";
    server.get("/api/tasks/queue/size").await.error(400, words);
    server.get("/api/tasks/queue/sizes?taskType=").await.error(400, words);
    assert_eq!(server.post("/api/tasks/queue/requeue/t", "").await.text(), "0");
}

#[tokio::test]
async fn last_polls() {
    let server = Server::new();
    server.get("/api/tasks/poll/t?workerid=w").await.is_empty(204);
    server.get("/api/tasks/poll/batch/u?domain=d&timeout=0").await.json(200);
    let polls = server.get("/api/tasks/queue/polldata?taskType=t").await.json(200);
    assert_eq!(polls.as_array().map(Vec::len), Some(1));
    assert_eq!((&polls[0]["queueName"], &polls[0]["workerId"]), (&json!("t"), &json!("w")));
    assert!(polls[0]["lastPollTime"].as_i64() > Some(0));
    let all = server.get("/api/tasks/queue/polldata/all").await.json(200);
    assert_eq!((all.as_array().map(Vec::len), &all[1]["domain"]), (Some(2), &json!("d")));
    let words = "taskType: the query parameter is missing";
    server.get("/api/tasks/queue/polldata").await.error(400, words);
}
