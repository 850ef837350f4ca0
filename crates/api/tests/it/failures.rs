//! Design 2.8, 4 and 8: what the store's failures look like from outside.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use fermata_api::Options;
use fermata_storage::ModelStore;
use fermata_storage::faults::{Fault, FaultyStore};
use http_body_util::BodyExt;
use serde_json::json;

use crate::server::{BRIEFLY, Server, one_task};

/// A server whose next commit meets that fault.
async fn facing(fault: Fault) -> Server {
    let store = Arc::new(FaultyStore::new(ModelStore::new()));
    let server = Server::over(store.clone(), Options::default());
    server.defined(&one_task("wf")).await;
    store.fail_commit(store.commits(), fault);
    server
}

#[tokio::test]
async fn no_space_is_503_and_may_be_tried_again() {
    let server = facing(Fault::StorageFull).await;
    let answer = server.post("/api/workflow/wf", "{}").await;
    answer.error(503, "storage is full");
    assert_eq!(answer.json(503)["code"], "storage_full");
    // The server finds out by itself that there is space again.
    let mut answer = server.post("/api/workflow/wf", "{}").await;
    while answer.status == 503 {
        tokio::task::yield_now().await;
        answer = server.post("/api/workflow/wf", "{}").await;
    }
    answer.text();
}

#[tokio::test]
async fn a_stopped_server_is_503() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    server.engine.stop().await;
    let answer = server.post("/api/workflow/wf", "{}").await;
    answer.error(503, "the server is stopping");
    assert_eq!(answer.json(503)["code"], "stopping");
    let message = server.post("/api/workflow/x/messages", json!({})).await;
    assert_eq!(message.status, 404, "an id that is none needs no engine");
}

/// Nobody knows what happened: there is no body to read. The commit that fails is answered by the
/// end of the process; the ones after it find the committing thread gone.
#[tokio::test]
async fn an_unknown_outcome_has_no_answer() {
    for fault in [Fault::UnknownAndLost, Fault::UnknownAndKept] {
        let server = facing(fault).await;
        loop {
            let request = Request::post("/api/workflow/wf").body(Body::from("{}"));
            let answer = server.answer(request.expect("a request"));
            if let Ok(answer) = tokio::time::timeout(BRIEFLY, answer).await {
                assert!(answer.into_body().collect().await.is_err());
                break;
            }
        }
    }
}
