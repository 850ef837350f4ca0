//! `conductor-rest` 1.1: runs by name and by correlation id.

use serde_json::{Value, json};

use crate::server::{Server, waits};

#[tokio::test]
async fn open_runs_of_a_name() {
    let server = Server::new();
    server.defined(&waits("wf")).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.post("/api/workflow/wf", "{}").await.text());
    }
    server.put(&format!("/api/workflow/{}/pause", ids[1]), "").await.is_empty(200);
    let running = |query: &str| {
        let path = format!("/api/workflow/running/wf{query}");
        let server = &server;
        async move { server.get(&path).await.json(200) }
    };
    let mut found: Vec<Value> = running("").await.as_array().expect("a list").clone();
    found.sort_by_key(Value::to_string);
    let mut expected = ids.clone();
    expected.sort();
    assert_eq!(json!(found), json!(expected));
    assert_eq!(running("?version=9").await.as_array().map(Vec::len), Some(3));
    let future = i64::MAX;
    assert_eq!(
        running(&format!("?startTime=1&endTime={future}")).await.as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(running(&format!("?version=9&startTime=1&endTime={future}")).await, json!([]));
    assert_eq!(running("?startTime=1&endTime=2").await, json!([]));
    for id in &ids {
        server.delete(&format!("/api/workflow/{id}")).await.is_empty(200);
    }
    assert_eq!(running("").await, json!([]));
}

#[tokio::test]
async fn runs_of_a_correlation_id() {
    let server = Server::new();
    server.defined(&waits("wf")).await;
    let start = |correlation: &str| {
        let body = json!({"name": "wf", "correlationId": correlation});
        let server = &server;
        async move { server.post("/api/workflow", body).await.text() }
    };
    let (running, paused, closed, other) =
        (start("c 1").await, start("c 1").await, start("c 1").await, start("c2").await);
    server.put(&format!("/api/workflow/{paused}/pause"), "").await.is_empty(200);
    server.delete(&format!("/api/workflow/{closed}")).await.is_empty(200);
    let ids = |found: &Value| {
        let ids = found.as_array().expect("a list").iter();
        let mut ids: Vec<String> =
            ids.map(|run| run["workflowId"].as_str().expect("an id").to_owned()).collect();
        ids.sort();
        ids
    };
    let found = server.get("/api/workflow/wf/correlated/c%201").await.json(200);
    assert_eq!(ids(&found), std::slice::from_ref(&running));
    assert_eq!(found[0]["tasks"], json!([]));
    let path = "/api/workflow/wf/correlated/c%201?includeClosed=true&includeTasks=true";
    let found = server.get(path).await.json(200);
    let mut all = [running.clone(), paused, closed];
    all.sort();
    assert_eq!(ids(&found), all);
    assert_eq!(found[0]["tasks"].as_array().map(Vec::len), Some(1));

    let body = json!(["c2", "c 1", "none", "c2"]);
    let found = server.post("/api/workflow/wf/correlated", body).await.json(200);
    let keys: Vec<&String> = found.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["c2", "c 1", "none"]);
    assert_eq!((ids(&found["c2"]), ids(&found["c 1"])), (vec![other.clone()], vec![running]));
    assert_eq!(found["none"], json!([]));
    let body = json!({"correlationIds": ["c2"], "workflowNames": ["none", "wf"]});
    let found = server.post("/api/workflow/correlated/batch", body).await.json(200);
    assert_eq!(ids(&found["c2"]), [other]);
    let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let words = "more than 1000 correlation ids are asked for at once";
    server.post("/api/workflow/wf/correlated", json!(many)).await.error(400, words);
}
