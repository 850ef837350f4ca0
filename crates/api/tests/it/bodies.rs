//! Bodies nobody should send: a clear 4xx, and nothing happens (`conductor-rest` 2.3, design 12).

use axum::body::{Body, HttpBody};
use axum::http::Request;
use fermata_api::BODY_DEPTH_MAX;
use fermata_types::limits;
use fermata_wire::conductor::lenient::READER_STACK_BYTES;
use http_body_util::{BodyExt, Full};
use serde_json::json;

use crate::server::{Server, one_task};

/// Every route that reads JSON.
const JSON_ROUTES: &[(&str, &str)] = &[
    ("POST", "/api/workflow"),
    ("POST", "/api/workflow/wf"),
    ("POST", "/api/workflow/execute/wf"),
    ("POST", "/api/workflow/execute/wf/1"),
    ("POST", "/api/workflow/wf/correlated"),
    ("POST", "/api/workflow/correlated/batch"),
    ("POST", "/api/workflow/wf/messages"),
    ("PUT", "/api/workflow/bulk/pause"),
    ("PUT", "/api/workflow/bulk/resume"),
    ("POST", "/api/workflow/bulk/terminate"),
    ("DELETE", "/api/workflow/bulk/remove"),
    ("DELETE", "/api/workflow/bulk/terminate-remove"),
    ("POST", "/api/tasks"),
    ("POST", "/api/tasks/update-v2"),
    ("POST", "/api/tasks/wf/ref/COMPLETED"),
    ("POST", "/api/tasks/wf/ref/COMPLETED/sync"),
    ("POST", "/api/tasks/wf/COMPLETED/signal"),
    ("POST", "/api/tasks/wf/COMPLETED/signal/sync"),
    ("POST", "/api/metadata/workflow"),
    ("PUT", "/api/metadata/workflow"),
    ("POST", "/api/metadata/workflow/validate"),
    ("POST", "/api/metadata/taskdefs"),
    ("PUT", "/api/metadata/taskdefs"),
];

async fn send(server: &Server, route: (&str, &str), body: impl Into<Body>) -> (u16, String) {
    let request = Request::builder().method(route.0).uri(route.1);
    let answer = server.send(request.body(body.into()).expect("a request")).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn every_route_refuses_what_is_no_json() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    for route in JSON_ROUTES {
        for (body, words) in [
            (&b""[..], "the body is missing"),
            (b" \n", "the body is missing"),
            (b"{", "malformed JSON: "),
            (b"{\"a\":1}}", "malformed JSON: "),
            (b"nul", "malformed JSON: "),
            (b"{'a':1}", "malformed JSON: "),
            (b"\xff\xfe", "malformed JSON: "),
            (b"{\"name\":\"\xff\"}", ""),
        ] {
            let (status, text) = send(&server, *route, body.to_vec()).await;
            assert_eq!(status, 400, "{route:?} {body:?} {text}");
            let is_said = text.contains(words) || text.contains("the body must be a JSON ");
            assert!(is_said, "{route:?} {body:?} {text}");
        }
        for body in ["7", "\"text\"", "true"] {
            let (status, text) = send(&server, *route, body).await;
            assert_eq!(status, 400, "{route:?} {body:?} {text}");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_deep_nesting() {
    let server = Server::new();
    let words = format!("the body nests deeper than {BODY_DEPTH_MAX} levels");
    for route in JSON_ROUTES {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for levels in [BODY_DEPTH_MAX + 1, 500_000] {
                let body = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                let (status, text) = send(&server, *route, body).await;
                let is_said = text.contains(&words) || text.contains("the body must be a JSON ");
                assert_eq!((status, is_said), (400, true), "{route:?} {text}");
            }
        }
    }
}

#[tokio::test]
async fn every_route_refuses_what_is_too_large() {
    let server = Server::new();
    let body = bytes::Bytes::from(vec![b' '; limits::BODY_MAX + 1]);
    for route in JSON_ROUTES.iter().chain(&[("POST", "/api/tasks/x/log")]) {
        let (status, text) = send(&server, *route, body.clone()).await;
        let words = format!("the body is larger than {} bytes", limits::BODY_MAX);
        assert_eq!((status, text.contains(&words)), (413, true), "{route:?} {text}");
    }
    // One that does not say its length is refused once it is over the limit.
    let unsaid = Full::new(body).map_frame(|frame| frame);
    assert_eq!(unsaid.size_hint().upper(), None);
    let (status, _) = send(&server, ("POST", "/api/tasks/x/log"), Body::new(unsaid)).await;
    assert_eq!(status, 413);
}

/// Design 12: the message has the path of the field.
#[tokio::test]
async fn wrong_types_are_named_by_their_path() {
    let server = Server::new();
    let definition = json!({"name": "wf", "tasks": [
        {"name": "a", "taskReferenceName": "a"},
        {"name": "b", "taskReferenceName": "b", "decisionCases": {"x": [{"name": {}}]}}
    ]});
    for (route, body, path) in [
        (("POST", "/api/metadata/workflow"), definition, "tasks[1].decisionCases.x[0].name: "),
        (("PUT", "/api/metadata/workflow"), json!([{"version": []}]), "[0].version: "),
        (("POST", "/api/metadata/taskdefs"), json!([{"retryLogic": "X"}]), "[0].retryLogic: "),
        (("POST", "/api/workflow"), json!({"version": {}}), "version: "),
        (("POST", "/api/workflow"), json!({"input": [1]}), "input: "),
        (("POST", "/api/workflow"), json!([]), "the body must be a JSON object"),
        (("PUT", "/api/metadata/workflow"), json!({}), "the body must be a JSON list"),
        (("POST", "/api/tasks"), json!({"logs": [{"createdTime": {}}]}), "logs[0].createdTime: "),
        (("PUT", "/api/workflow/bulk/pause"), json!(["a", 1]), "[1]: "),
    ] {
        let (status, text) = send(&server, route, body.to_string()).await;
        let message = serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        let message = message["message"].as_str().expect("a text").to_owned();
        assert!(status == 400 && message.starts_with(path), "{route:?} {message}");
    }
}

/// 0: other content types, or none, are read all the same.
#[tokio::test]
async fn content_types_are_not_looked_at() {
    let server = Server::new();
    server.defined(&one_task("wf")).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let request = Request::post("/api/workflow/wf").header("content-type", kind);
        let request = request.header("accept", "image/png").header("x-authorization", "t");
        let answer = server.send(request.body(Body::from("{}")).expect("a request")).await;
        answer.text();
    }
}

/// The deepest bodies are read on a thread with the stack that servers give theirs.
#[test]
fn the_deepest_definitions_are_judged_within_the_stack() {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let server = Server::new();
            // Levels: the definition, its list, and two for each task.
            let tasks = (BODY_DEPTH_MAX - 4) / 2;
            let mut deepest = r#"{"name":"t","taskReferenceName":"t"}"#.to_owned();
            for level in 0..tasks {
                deepest = format!(
                    r#"{{"name":"l","taskReferenceName":"l{level}","type":"DO_WHILE",
                    "loopCondition":"true","loopOver":[{deepest}]}}"#
                );
            }
            let definition = format!(r#"{{"name":"deep","tasks":[{deepest}]}}"#);
            let start = format!(r#"{{"name":"deep","workflowDef":{definition}}}"#);
            server.post("/api/metadata/workflow/validate", &definition).await.is_empty(200);
            server.post("/api/metadata/workflow", &definition).await.is_empty(200);
            server.post("/api/workflow/deep", "{}").await.text();
            server.post("/api/workflow", start).await.text();
            // Wrong at the deepest place: read once more, with its path.
            let wrong = definition.replace("\"taskReferenceName\":\"t\"", "\"startDelay\":[]");
            let answer = server.post("/api/metadata/workflow", wrong).await.json(400);
            let message = answer["message"].as_str().expect("a text");
            assert!(message.contains("].startDelay: "), "{message}");
            let payload = format!("{}{}", "{\"a\":".repeat(99), "{}") + &"}".repeat(99);
            server.started(&one_task("wf"), &serde_json::from_str(&payload).expect("JSON")).await;
            let task = server.polled("t").await;
            let done = crate::server::result(&task, "COMPLETED", &json!({}));
            let done = done.to_string().replace(
                "\"outputData\":{}",
                &format!("\"outputData\":{}{{}}{}", "{\"a\":".repeat(98), "}".repeat(98)),
            );
            server.post("/api/tasks", done).await.text();
        });
    };
    let thread = std::thread::Builder::new().stack_size(READER_STACK_BYTES).spawn(work);
    thread.expect("a thread").join().expect("no failed assertion");
}
