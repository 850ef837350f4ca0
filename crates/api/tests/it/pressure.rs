//! A busy server (design 5): 503 with a time to come back, searches first, results last.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use axum::body::Body;
use axum::http::Request;
use fermata_api::Options;
use fermata_decider::Command;
use fermata_runtime::engine::Config;
use fermata_runtime::shard::driver::MAILBOX;
use fermata_runtime::shard::request::Wait;
use fermata_storage::ModelStore;
use fermata_types::TaskNumber;
use serde_json::json;

use crate::server::{Server, one_task, result, waits};

#[tokio::test]
async fn a_full_mailbox() {
    let config = Config { shards: 1, ..Config::default() };
    let server = Server::configured(Arc::new(ModelStore::new()), Options::default(), config);
    let waiting = server.started(&waits("waits"), &json!({})).await;
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    // On one thread the shard does nothing while this fills its mailbox: nobody waits here.
    let run = id.parse().expect("an id");
    let extend = Command::ExtendLease { task: TaskNumber(1) };
    for _ in 0..MAILBOX - 10 {
        let asked = pin!(server.engine.command(run, extend.clone(), Wait::Durable));
        let answer = asked.poll(&mut Context::from_waker(Waker::noop()));
        assert!(answer.is_pending(), "{answer:?}");
    }
    let message = format!("/api/workflow/{waiting}/messages");
    for (method, path) in [
        ("GET", "/api/workflow/running/wf"),
        ("GET", "/api/workflow/wf/correlated/c"),
        ("GET", &format!("/api/workflow/{id}")),
        ("POST", "/api/workflow/wf"),
        ("POST", &message),
        ("PUT", &format!("/api/workflow/{id}/pause")),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::from("{}"));
        let answer = server.answer(request.expect("a request")).await;
        assert_eq!(answer.status().as_u16(), 503, "{path}");
        assert_eq!(answer.headers()["retry-after"], "1", "{path}");
    }
    let refused = server.post("/api/workflow/wf", "{}").await;
    assert_eq!(refused.json(503)["code"], "overloaded");

    // The result of the one who has the task finds its room.
    server.post("/api/tasks", result(&task, "COMPLETED", &json!({"out": 1}))).await.text();
    let run = server.run(&id).await;
    assert_eq!((&run["status"], &run["output"]), (&json!("COMPLETED"), &json!({"out": 1})));
    assert_eq!(server.get("/api/workflow/running/wf").await.json(200), json!([]));
}
