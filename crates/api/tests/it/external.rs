//! Payloads outside of requests and answers (`conductor-rest` 7.3, `conductor-semantics` 11 O).

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use fermata_api::{DiskFiles, DiskLimits, FileError, Options, PayloadFiles, PayloadId};
use fermata_runtime::engine::Config;
use fermata_storage::ModelStore;
use fermata_types::{PayloadLimits, Span, Threshold, Timestamp};
use serde_json::{Value, json};

use crate::server::{Answer, Server, one_task, result};

/// A server that keeps uploads in a folder of its own, and leaves out payloads over 100 bytes.
struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::reached_by(None)
    }

    fn reached_by(public_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Timestamp::from_ms(0);
        let files = DiskFiles::open(folder.path(), DiskLimits::default(), now).expect("opens");
        let options = Options {
            payload_files: Some(Arc::new(files)),
            public_url: public_url.map(str::to_owned),
            ..Options::default()
        };
        let of = Threshold { soft: 100, hard: 2000 };
        let payload_limits = PayloadLimits {
            workflow_input: of,
            workflow_output: of,
            task_input: of,
            task_output: of,
            ..PayloadLimits::default()
        };
        let config = Config { shards: 4, payload_limits, ..Config::default() };
        let server = Server::configured(Arc::new(ModelStore::new()), options, config);
        Self { server, folder }
    }

    async fn ask(&self, query: &str) -> Answer {
        let path = format!("/api/tasks/externalstoragelocation?{query}");
        let request = Request::get(path).header("host", "fermata.example:1234");
        self.server.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Asks for a location as SDKs do; answers its URL, without the server's name, and its path.
    async fn location(&self, operation: &str, kind: &str, path: &str) -> (String, String) {
        let query = format!("path={path}&operation={operation}&payloadType={kind}");
        let location = self.ask(&query).await.json(200);
        let uri = location["uri"].as_str().expect("a URL");
        let local = uri.strip_prefix("http://fermata.example:1234").expect("this server");
        (local.to_owned(), location["path"].as_str().expect("a path").to_owned())
    }

    /// Uploads a payload; answers its path.
    async fn uploaded(&self, kind: &str, payload: &Value) -> String {
        let (uri, path) = self.location("WRITE", kind, "").await;
        self.server.put(&uri, payload).await.is_empty(200);
        path
    }

    /// Downloads what an answer left out.
    async fn downloaded(&self, kind: &str, path: &Value) -> Value {
        let (uri, _) = self.location("READ", kind, path.as_str().expect("a path")).await;
        self.server.get(&uri).await.json(200)
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).expect("readable").count()
    }
}

fn large() -> Value {
    json!({ "in": "x".repeat(200) })
}

/// O1: a start that carries only a path, and the task's input that comes of it.
#[tokio::test]
async fn a_start_with_only_a_path() {
    let scene = Scene::new();
    let server = &scene.server;
    server.defined(&one_task("wf")).await;
    let path = scene.uploaded("WORKFLOW_INPUT", &large()).await;
    let request = json!({"name": "wf", "input": {}, "externalInputPayloadStoragePath": path});
    let id = server.post("/api/workflow", &request).await.text();
    let run = server.run(&id).await;
    assert_eq!(run["input"], json!({}));
    let shown = &run["externalInputPayloadStoragePath"];
    assert_eq!(scene.downloaded("WORKFLOW_INPUT", shown).await, large());

    let task = server.polled("t").await;
    assert_eq!(task["inputData"], json!({}));
    let shown = &task["externalInputPayloadStoragePath"];
    assert_eq!(scene.downloaded("TASK_INPUT", shown).await, large());

    // An input of its own wins, and a null one does not.
    let small = json!({"in": 1});
    let request = json!({"name": "wf", "input": small, "externalInputPayloadStoragePath": path});
    let id = server.post("/api/workflow", &request).await.text();
    assert_eq!(server.run(&id).await["input"], small);
    let request = json!({"name": "wf", "input": null, "externalInputPayloadStoragePath": path});
    server.post("/api/workflow", &request).await.text();
}

/// O2 and O6: what is above the threshold is left out with its path, what is not stays inline.
#[tokio::test]
async fn a_result_with_only_a_path() {
    let scene = Scene::new();
    let server = &scene.server;
    let id = server.started(&one_task("wf"), &json!({"in": "small"})).await;
    let task = server.polled("t").await;
    assert_eq!(task["inputData"], json!({"in": "small"}));
    assert!(task.get("externalInputPayloadStoragePath").is_none(), "{task}");

    let output = json!({"out": "y".repeat(300)});
    let path = scene.uploaded("TASK_OUTPUT", &output).await;
    let mut update = result(&task, "COMPLETED", &json!({}));
    update["externalOutputPayloadStoragePath"] = json!(path);
    server.post("/api/tasks", &update).await.text();

    let run = server.run(&id).await;
    assert_eq!(run["status"], "COMPLETED");
    for (shown, kind) in [(&run, "WORKFLOW_OUTPUT"), (&run["tasks"][0], "TASK_OUTPUT")] {
        let path = &shown["externalOutputPayloadStoragePath"];
        assert_eq!(scene.downloaded(kind, path).await, output);
    }
    assert_eq!((&run["output"], &run["tasks"][0]["outputData"]), (&json!({}), &json!({})));

    // The paths of a run are good for another start.
    let path = &run["externalOutputPayloadStoragePath"];
    let request = json!({"name": "wf", "input": {}, "externalInputPayloadStoragePath": path});
    let id = server.post("/api/workflow", &request).await.text();
    let input = &server.run(&id).await["externalInputPayloadStoragePath"];
    assert_eq!(scene.downloaded("WORKFLOW_INPUT", input).await, output);

    // They go with their run.
    let (uri, _) = scene.location("READ", "WORKFLOW_INPUT", input.as_str().expect("one")).await;
    server.delete(&format!("/api/workflow/{id}/remove?archiveWorkflow=false")).await.is_empty(200);
    assert_eq!(server.get(&uri).await.status, 404);
}

/// O5: an uploaded result over the hard limit is taken as one in a request is.
#[tokio::test]
async fn over_the_hard_limit() {
    let scene = Scene::new();
    let server = &scene.server;
    let id = server.started(&one_task("wf"), &json!({})).await;
    let task = server.polled("t").await;
    let huge = json!({"out": "y".repeat(3000)});
    let mut update = result(&task, "COMPLETED", &json!({}));
    update["externalOutputPayloadStoragePath"] = json!(scene.uploaded("TASK_OUTPUT", &huge).await);
    server.post("/api/tasks", &update).await.text();
    let run = server.run(&id).await;
    assert_eq!(run["tasks"][0]["status"], "FAILED_WITH_TERMINAL_ERROR");
    let path = scene.uploaded("WORKFLOW_INPUT", &huge).await;
    let request = json!({"name": "wf", "input": {}, "externalInputPayloadStoragePath": path});
    let words = "The input of 3010 bytes is larger than 2000 bytes";
    server.post("/api/workflow", &request).await.error(413, words);
}

#[tokio::test]
async fn locations() {
    let scene = Scene::new();
    let words = "Invalid input - Operation: MOVE, PayloadType: TASK_INPUT";
    scene.ask("path=&operation=MOVE&payloadType=TASK_INPUT").await.error(400, words);
    let words = "Invalid input - Operation: READ, PayloadType: TASKS";
    scene.ask("path=x&operation=READ&payloadType=TASKS").await.error(400, words);
    let words = "Invalid input - Operation: read, PayloadType: task_input";
    for path in ["..%2F..%2Fx.json", "x", "runs/x/input.json", "%2Fetc%2Fpasswd"] {
        let query = format!("path={path}&operation=read&payloadType=task_input");
        scene.ask(&query).await.error(400, words);
    }
    scene
        .ask("path=&payloadType=TASK_INPUT")
        .await
        .error(400, "operation: the query parameter is missing");
    let (_, path) = scene.location("write", "workflow_output", "mine").await;
    assert!(path.starts_with("workflow/output/"), "{path}");
    for route in [
        "workflow/externalstoragelocation",
        "workflow/external-storage-location",
        "tasks/external-storage-location",
    ] {
        let path = format!("/api/{route}?path&operation=WRITE&payloadType=TASK_OUTPUT");
        scene.server.get(&path).await.error(400, "Host: the header is missing");
    }

    let scene = Scene::reached_by(Some("https://flows.example/"));
    let query = "path=&operation=WRITE&payloadType=TASK_OUTPUT";
    let location = scene.ask(query).await.json(200);
    let uri = location["uri"].as_str().expect("a URL");
    assert!(uri.starts_with("https://flows.example/api/external/payloads/task/output/"), "{uri}");
}

#[tokio::test]
async fn uploads_that_are_refused_leave_nothing() {
    let scene = Scene::new();
    let (uri, path) = scene.location("WRITE", "TASK_OUTPUT", "").await;
    scene.server.put(&uri, "[1]").await.error(400, "the body must be a JSON object");
    assert_eq!(scene.server.put(&uri, "{\"a\":").await.status, 400);
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(fermata_types::limits::BODY_MAX));
    assert_eq!(scene.server.put(&uri, body).await.status, 413);
    let other = "/api/external/payloads/task/output/..%2f..%2fetc%2fx.json";
    assert_eq!(scene.server.put(other, "{}").await.status, 404);
    assert_eq!(scene.server.get(other).await.status, 404);
    assert_eq!(
        scene.server.put("/api/external/payloads/runs/x/input.json", "{}").await.status,
        404
    );
    // An id this server cannot have given out yet.
    let later = "/api/external/payloads/task/output/ffffffff-ffff-7000-8000-000000000000.json";
    let words = "the location is not valid any more";
    scene.server.put(later, "{}").await.error(400, words);
    assert_eq!(scene.files(), 0);

    // Nothing was uploaded: whoever names the path hears so, and nothing has happened.
    let id = scene.server.started(&one_task("wf"), &json!({})).await;
    let task = scene.server.polled("t").await;
    for path in [path, "../x".to_owned(), "workflow/input/x.json".to_owned()] {
        let mut update = result(&task, "COMPLETED", &json!({}));
        update["externalOutputPayloadStoragePath"] = json!(path);
        let words = format!("externalOutputPayloadStoragePath: there is no payload at {path:?}");
        scene.server.post("/api/tasks", &update).await.error(400, &words);
        let request = json!({"name": "wf", "input": {}, "externalInputPayloadStoragePath": path});
        let words = format!("externalInputPayloadStoragePath: there is no payload at {path:?}");
        scene.server.post("/api/workflow", &request).await.error(400, &words);
    }
    let run = scene.server.run(&id).await;
    assert_eq!(run["tasks"][0]["status"], "IN_PROGRESS");
    assert_eq!(scene.server.get("/api/workflow/running/wf").await.json(200), json!([id]));
}

/// An id given out at that moment.
fn id(ms: i64, number: u32) -> PayloadId {
    let text = format!("{:08x}-{:04x}-7000-8000-{number:012x}", ms >> 16, ms & 0xffff);
    PayloadId::parse(&text).expect("an id")
}

#[test]
fn files_go_when_they_are_old_and_room_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = DiskLimits { bytes: 100, age: Span::from_seconds(10) };
    let at = |seconds: i64| Timestamp::from_ms(1_700_000_000_000 + seconds * 1000);
    let files = DiskFiles::open(folder.path(), limits, at(0)).expect("opens");
    let first = id(at(0).as_ms(), 1);
    files.put(&first, &[b'a'; 60], at(1)).expect("there is room");
    let second = id(at(5).as_ms(), 2);
    let full = files.put(&second, &[b'b'; 60], at(5));
    assert!(matches!(full, Err(FileError::Full)), "{full:?}");
    files.put(&first, &[b'c'; 70], at(6)).expect("in place of the former one");
    assert_eq!(files.get(&first, 70).expect("readable").as_deref(), Some(&[b'c'; 70][..]));
    assert!(files.get(&first, 69).is_err(), "never more than asked for");
    assert_eq!(files.get(&second, 70).expect("readable"), None);
    let late = files.put(&first, b"{}", at(10));
    assert!(matches!(late, Err(FileError::Expired)), "{late:?}");
    assert_eq!(files.get(&first, 70).expect("readable"), None, "it has reached its age");
    files.put(&second, &[b'b'; 60], at(11)).expect("there is room again");

    // What a crash leaves unfinished goes, what is whole counts, what is not ours stays.
    drop(files);
    std::fs::write(folder.path().join("unfinished-7"), "half").expect("written");
    std::fs::write(folder.path().join("notes.txt"), "mine").expect("written");
    let files = DiskFiles::open(folder.path(), limits, at(12)).expect("opens");
    assert!(!folder.path().join("unfinished-7").exists());
    assert!(folder.path().join("notes.txt").exists());
    let full = files.put(&id(at(12).as_ms(), 3), &[b'd'; 60], at(12));
    assert!(matches!(full, Err(FileError::Full)), "{full:?}");
    drop(files);
    let files = DiskFiles::open(folder.path(), limits, at(20)).expect("opens");
    assert_eq!(files.get(&second, 70).expect("readable"), None, "old files go at the start too");
}
