//! Runs of many tasks are answered in pieces: the same bytes as in one, as of one moment, and cut
//! off when they cannot be read to the end.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use fermata_api::Options;
use fermata_storage::{ModelStore, Store};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::server::Server;

/// A page holds fewer tasks than half of these.
const BRANCHES: usize = 600;

/// A fork of many workers; all of them are joined.
fn wide() -> Value {
    let names: Vec<String> = (0..BRANCHES).map(|at| format!("w{at}")).collect();
    let branch = |name: &String| {
        json!([{ "name": "t", "taskReferenceName": name, "type": "SIMPLE",
                 "inputParameters": { "of": "${workflow.input.of}", "tasks": [] } }])
    };
    let branches: Vec<Value> = names.iter().map(branch).collect();
    json!({ "name": "wide", "version": 1, "ownerEmail": "a@b.c", "tasks": [
        { "name": "f", "taskReferenceName": "f", "type": "FORK_JOIN", "forkTasks": branches },
        { "name": "j", "taskReferenceName": "j", "type": "JOIN", "joinOn": names }
    ] })
}

async fn started(server: &Server) -> String {
    server.defined(&wide()).await;
    // What looks like an empty list of tasks inside a payload is not taken for it.
    let input = json!({ "of": "\"tasks\":[]", "tasks": [] });
    let body = json!({ "name": "wide", "correlationId": "c", "input": input });
    server.post("/api/workflow", body).await.text()
}

/// The pieces of the answer, and whether it came to its end.
async fn pieces(body: &mut Body) -> (Vec<Vec<u8>>, bool) {
    let mut pieces = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => pieces.push(frame.into_data().expect("only data").to_vec()),
            Err(_) => return (pieces, false),
        }
    }
    (pieces, true)
}

async fn reads(server: &Server, id: &str) -> Body {
    let request = Request::get(format!("/api/workflow/{id}"));
    let response = server.answer(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.into_body()
}

#[tokio::test]
async fn the_pieces_make_the_same_answer() {
    let server = Server::new();
    let id = started(&server).await;
    server.completed("t", &json!({ "tasks": [] })).await;
    let (pieces, is_whole) = pieces(&mut reads(&server, &id).await).await;
    assert!(is_whole);
    // The beginning, the tasks page by page, the end.
    assert!(pieces.len() > 4, "{} pieces", pieces.len());
    let pages = &pieces[1..pieces.len() - 1];
    // One task, the fork, repeats all branches of the definition.
    assert!(pages.iter().all(|page| page.len() < 512 << 10), "pages are small");
    let text = String::from_utf8(pieces.concat()).expect("UTF-8");
    // The list of runs of a correlation id shows them in one piece.
    let path = "/api/workflow/wide/correlated/c?includeTasks=true&includeClosed=true";
    let listed = server.get(path).await.body;
    assert_eq!(format!("[{text}]"), listed);
    let run: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(run["tasks"].as_array().map(Vec::len), Some(BRANCHES + 2));
    // Without tasks there is nothing to be sent in pieces.
    let short = server.get(&format!("/api/workflow/{id}?includeTasks=false")).await.json(200);
    assert_eq!(short["tasks"], json!([]));
}

#[tokio::test]
async fn a_synchronous_start_answers_in_pieces_too() {
    let server = Server::new();
    server.defined(&wide()).await;
    let body = json!({ "name": "wide", "input": { "of": 1, "tasks": [] } });
    let path = "/api/workflow/execute/wide/1?waitForSeconds=1&requestId=r";
    let run = server.post(path, body).await.json(200);
    assert_eq!(run["tasks"].as_array().map(Vec::len), Some(BRANCHES + 2));
    assert_eq!((&run["requestId"], &run["input"]["tasks"]), (&json!("r"), &json!([])));
}

/// What is shown is the moment of the read, although the run goes on while it is being sent.
#[tokio::test]
async fn an_answer_is_of_one_moment() {
    let server = Server::new();
    let id = started(&server).await;
    let mut body = reads(&server, &id).await;
    let first = body.frame().await.expect("a piece").expect("readable");
    let mut text = first.into_data().expect("data").to_vec();
    server.delete(&format!("/api/workflow/{id}")).await.is_empty(200);
    let (rest, is_whole) = pieces(&mut body).await;
    assert!(is_whole);
    text.extend(rest.concat());
    let run: Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(run["status"], "RUNNING");
    let statuses = run["tasks"].as_array().expect("a list").iter().map(|task| &task["status"]);
    let waiting = statuses.filter(|status| **status == "SCHEDULED").count();
    assert_eq!(waiting, BRANCHES);
    assert_eq!(server.run(&id).await["status"], "TERMINATED");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_to_its_end_is_cut_off() {
    let store: Arc<dyn Store> = Arc::new(ModelStore::new());
    let first = Server::over(store.clone(), Options::default());
    first.defined(&wide()).await;
    // Too large to lie in the few rows of history that all tasks share.
    let body = json!({ "name": "wide", "input": { "of": "x".repeat(5000) } });
    let id = first.post("/api/workflow", body).await.text();
    first.engine.stop().await;
    // A new process has no payload in memory.
    let server = Server::over(store, Options::default());
    let mut body = reads(&server, &id).await;
    let begun = body.frame().await.expect("a piece");
    assert!(begun.is_ok());
    let removal = server.delete(&format!("/api/workflow/{id}/remove?archiveWorkflow=false")).await;
    assert_eq!(removal.status, 200, "{}", removal.body);
    let (pieces, is_whole) = pieces(&mut body).await;
    assert!(!is_whole, "{} pieces came", pieces.len());
}
