//! `conductor-rest` 0, 1.9, 9 and 11: what is where, and what is not.

use serde_json::json;

use crate::server::{Server, one_task};

#[tokio::test]
async fn health_and_version() {
    let server = Server::new();
    for path in ["/health", "/api/health"] {
        let expected = json!({"healthResults": [], "suppressedHealthResults": [], "healthy": true});
        assert_eq!(server.get(path).await.json(200), expected);
    }
    assert_eq!(server.get("/api/version").await.text(), env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn unknown_paths() {
    let server = Server::new();
    // Section 9: SDKs ask for these, and take 404 as an answer.
    for path in [
        "/api/token",
        "/api/schema",
        "/api/tasks/x/ack",
        "/api/workflow/x/state",
        "/api/workflow/x/variables",
        "/api/workflow/bulk/delete",
        "/api/workflow/start/x/1",
        "/api/nothing",
        "/api",
        "/api/",
        "/api/workflow/",
        "/api/tasks/",
        "/nothing",
        "/api/workflow/x/jump/y",
    ] {
        server.post(path, "{}").await.error(404, &format!("No endpoint POST {path}"));
    }
    for path in ["/api/token/userInfo", "/api/metadata/tags", "/api/prompts", "/api/limits"] {
        server.get(path).await.error(404, &format!("No endpoint GET {path}"));
    }
}

#[tokio::test]
async fn wrong_methods() {
    let server = Server::new();
    for path in [
        "/api/workflow",
        "/api/workflow/wf/correlated",
        "/api/tasks/queue/t/id",
        "/api/tasks/a/b/c",
        "/api/tasks/in_progress/wf/ref",
        "/api/metadata/workflow/wf/tags",
        "/api/tasks",
        "/api/tasks/update-v2",
        "/api/workflow/execute/wf/1",
    ] {
        server.get(path).await.error(405, "Request method 'GET' is not supported");
    }
    let words = "Request method 'POST' is not supported";
    server.post("/api/metadata/workflow/wf/tags", "[]").await.error(405, words);
    server.post("/health", "").await.error(405, words);
    let words = "Request method 'PUT' is not supported";
    server.put("/api/workflow/x", "").await.error(405, words);
}

/// 11: static segments win, and only whole ones.
#[tokio::test]
async fn overlapping_paths() {
    let server = Server::new();
    for name in ["running", "execute", "correlated", "bulk", "decide"] {
        server.defined(&one_task(name)).await;
        let id = server.post(&format!("/api/workflow/{name}"), "{}").await.text();
        assert_eq!(server.run(&id).await["workflowName"], name);
    }
    assert_eq!(server.get("/api/tasks/poll/batch").await.status, 204);
    let signal = server.post("/api/tasks/x/COMPLETED/signal", "{}").await;
    signal.error(404, "No such workflow found by id: x");
}

/// 0: paths that are no API's show the page.
#[tokio::test]
async fn the_page_of_the_browser() {
    let server = Server::new();
    for path in ["/", "/executions/some-id", "/apiary"] {
        let page = server.get(path).await;
        assert_eq!((page.status, &*page.kind), (200, "text/html;charset=UTF-8"), "{path}");
        assert!(page.body.contains("/api/version") && page.body.contains("/health"));
    }
    for path in ["/favicon.ico", "/actuator/health", "/swagger-ui", "/a2a/x", "/metrics/x"] {
        server.get(path).await.error(404, &format!("No endpoint GET {path}"));
    }
}

#[tokio::test]
async fn path_segments_are_decoded() {
    let server = Server::new();
    let id = server.started(&one_task("wf"), &json!({})).await;
    server.defined(&one_task("a b/ü:1")).await;
    let path = "/api/metadata/workflow/a%20b%2F%C3%BC%3A1";
    assert_eq!(server.get(path).await.json(200)["name"], "a b/ü:1");
    assert_eq!(server.get(&format!("/api/workflow/%{:x}{}", b'0', &id[1..])).await.status, 200);
    let answer = server.get("/api/workflow/%FF").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn metrics() {
    let server = Server::new();
    server.started(&one_task("wf"), &json!({})).await;
    let start = json!({"name": "wf", "taskToDomain": {"t": "a\"\\\nb"}});
    server.post("/api/workflow", start).await.text();
    let answer = server.get("/metrics").await;
    assert_eq!((answer.status, answer.kind.starts_with("text/plain; version=0.0.4")), (200, true));
    for line in [
        "fermata_runs_started_total 2",
        "fermata_store_info{durability=\"sync\"} 1",
        "# TYPE fermata_store_syncs_total counter",
        "# TYPE fermata_store_sync_seconds_total counter",
        "fermata_queue_depth{queue=\"t\"} 1",
        "fermata_queue_depth{queue=\"a\\\"\\\\\\nb:t\"} 1",
        "# TYPE process_resident_memory_bytes gauge",
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line} in {}", answer.body);
    }
}
