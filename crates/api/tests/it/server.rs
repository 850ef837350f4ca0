//! A server without sockets: the router over an engine on the model store.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use fermata_api::{Options, router};
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Config, Parts};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_storage::{ModelStore, Store};
use fermata_types::Timestamp;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Runs no script.
struct NoScripts;

impl Evaluator for NoScripts {
    fn evaluate(&self, _: &Script, _: Timestamp) -> Evaluated {
        Evaluated::Failed("no scripts here".to_owned())
    }
}

/// The server under test.
pub struct Server {
    router: Router,
    pub engine: Engine,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub body: String,
}

impl Server {
    pub fn new() -> Self {
        Self::over(Arc::new(ModelStore::new()), Options::default())
    }

    pub fn over(store: Arc<dyn Store>, options: Options) -> Self {
        let config = Config { shards: 4, ..Config::default() };
        Self::configured(store, options, config)
    }

    pub fn configured(store: Arc<dyn Store>, options: Options, config: Config) -> Self {
        let parts = Parts {
            store,
            clock: Arc::new(SystemClock),
            salt: Arc::new(SystemSalt),
            evaluator: Arc::new(NoScripts),
            poisoned: Box::new(|_| {}),
        };
        let engine = Engine::open(parts, config).expect("an empty store can be read");
        Self { router: router(engine.clone(), options), engine }
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The answer as it comes, before its body is read.
    pub async fn answer(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.answer(request).await;
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().expect("ASCII")).to_owned();
        let bytes = response.into_body().collect().await.expect("a whole body").to_bytes();
        let body = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status, kind, body }
    }

    async fn call(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path);
        self.send(request.body(body.into()).expect("a request")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.call(Method::POST, path, body.to_string()).await
    }

    pub async fn put(&self, path: &str, body: impl ToString) -> Answer {
        self.call(Method::PUT, path, body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, Body::empty()).await
    }

    pub async fn delete_with(&self, path: &str, body: impl ToString) -> Answer {
        self.call(Method::DELETE, path, body.to_string()).await
    }

    /// Registers a definition and starts a run of it with that input.
    pub async fn started(&self, definition: &Value, input: &Value) -> String {
        self.defined(definition).await;
        let name = definition["name"].as_str().expect("a name");
        self.post(&format!("/api/workflow/{name}"), input).await.text()
    }

    /// Registers a definition.
    pub async fn defined(&self, definition: &Value) {
        self.post("/api/metadata/workflow?overwrite=true", definition).await.is_empty(200);
    }

    /// Takes one task of a type.
    pub async fn polled(&self, task_type: &str) -> Value {
        let path = format!("/api/tasks/poll/{task_type}?workerid=w1");
        let mut answer = self.get(&path).await;
        // A poll sees a task once its scheduling is durable, which may take longer than its wait.
        for _ in 0..50 {
            if answer.status == 200 {
                break;
            }
            answer = self.get(&path).await;
        }
        answer.json(200)
    }

    /// Takes one task of a type and completes it.
    pub async fn completed(&self, task_type: &str, output: &Value) -> Value {
        let task = self.polled(task_type).await;
        self.post("/api/tasks", result(&task, "COMPLETED", output)).await.text();
        task
    }

    pub async fn run(&self, id: &str) -> Value {
        self.get(&format!("/api/workflow/{id}")).await.json(200)
    }
}

/// A result of a polled task.
pub fn result(task: &Value, status: &str, output: &Value) -> Value {
    serde_json::json!({
        "workflowInstanceId": task["workflowInstanceId"], "taskId": task["taskId"],
        "status": status, "outputData": output, "workerId": "w1"
    })
}

impl Answer {
    /// A JSON body with that status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!((self.status, &*self.kind), (status, "application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A body of raw text with status 200.
    #[track_caller]
    pub fn text(&self) -> String {
        let expected = (200, "text/plain;charset=UTF-8");
        assert_eq!((self.status, &*self.kind), expected, "{}", self.body);
        self.body.clone()
    }

    /// No body and no type.
    #[track_caller]
    pub fn is_empty(&self, status: u16) {
        assert_eq!((self.status, &*self.kind, &*self.body), (status, "", ""));
    }

    /// An error body with that message.
    #[track_caller]
    pub fn error(&self, status: u16, message: &str) {
        let body = self.json(status);
        assert_eq!(body["message"], message);
        assert_eq!(body["status"], status);
        assert!(body["instance"].as_str().is_some_and(|name| !name.is_empty()), "{body}");
        assert_eq!(body["retryable"], status == 503);
    }

    /// A 400 with exactly these broken rules: path and message.
    #[track_caller]
    pub fn broken(&self, rules: &[(&str, &str)]) {
        let body = self.json(400);
        assert_eq!(body["message"], "Validation failed, check below errors for detail.");
        assert!(body.get("instance").is_none(), "left out of validation errors: {body}");
        let found: Vec<(&str, &str)> = body["validationErrors"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|error| {
                let text = |key: &str| error[key].as_str().expect("a text");
                (text("path"), text("message"))
            })
            .collect();
        assert_eq!(found, rules);
    }
}

/// A definition of one worker task of type `t`.
pub fn one_task(name: &str) -> Value {
    serde_json::json!({
        "name": name,
        "tasks": [{
            "name": "t", "taskReferenceName": "t_ref",
            "inputParameters": { "in": "${workflow.input.in}" }
        }],
        "outputParameters": { "out": "${t_ref.output.out}" }
    })
}

/// A definition that waits for a signal.
pub fn waits(name: &str) -> Value {
    serde_json::json!({
        "name": name,
        "tasks": [{ "name": "w", "taskReferenceName": "w_ref", "type": "WAIT" }]
    })
}

/// How long something that must happen may take.
pub const SOON: Duration = Duration::from_secs(10);

/// How long to wait for an answer before asking again, where none may come.
pub const BRIEFLY: Duration = Duration::from_millis(100);
