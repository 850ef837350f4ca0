//! Commands between unrelated runs through the engine: START_WORKFLOW and failure workflows, over
//! many shards and over restarts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fermata_decider::command::Command;
use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::run_view::RunView;
use fermata_runtime::engine::{Config, Parts};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::metadata::{DefinitionKey, DefinitionRow};
use fermata_runtime::shard::request::{Start, Wait};
use fermata_storage::{Family, ModelStore, ScanRange, Store};
use fermata_types::{Payload, RunId, RunStatus, ShardKey, Timestamp};
use serde_json::{Value, json};

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Value(Payload::null())
    }
}

fn open(store: &Arc<ModelStore>) -> Engine {
    let store: Arc<dyn Store> = store.clone();
    let parts = Parts {
        store,
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|error| panic!("{error}")),
    };
    let config = Config { shards: 8, cached_runs: 4, ..Config::default() };
    Engine::open(parts, config).expect("a model store can be read")
}

async fn define(engine: &Engine, definition: Value) {
    let name = definition.get("name").and_then(Value::as_str).expect("a name").to_owned();
    let json = definition.to_string().into();
    let key = DefinitionKey::Workflow { name, version: 1 };
    let row = DefinitionRow { key, json, changed: Timestamp::ZERO };
    engine.define(vec![row], Vec::new()).await.expect("is taken");
}

async fn start(engine: &Engine, name: &str, input: Value) -> RunId {
    let definition = engine.metadata().named(name, None).expect("registered");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::from_value(&input),
        correlation: Some("c".to_owned()),
        priority: 0,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: Timestamp::ZERO,
    };
    let shard_key = ShardKey::wrapping(0);
    let start = Start { definition, origin, shard_key, idempotency: None };
    engine.start(start).await.expect("starts")
}

async fn end(engine: &Engine, run: RunId) -> RunView {
    let watch = engine.watch(run, Vec::new()).await.expect("watches");
    let end = engine.watched(watch, Duration::from_secs(20)).await.expect("no failure");
    engine.view(end.expect("in time").target)
}

fn starter(name: &str, starts: usize, request: Value) -> Value {
    let tasks: Vec<Value> = (0..starts)
        .map(|n| {
            json!({"name": "s", "taskReferenceName": format!("s{n}"), "type": "START_WORKFLOW",
                "retryCount": 0, "inputParameters": {"startWorkflow": request}})
        })
        .collect();
    json!({"name": name, "version": 1, "tasks": tasks})
}

fn waiting(name: &str) -> Value {
    json!({"name": name, "version": 1, "tasks": [
        {"name": "h", "taskReferenceName": "h", "type": "HUMAN"}]})
}

fn started_by(view: &RunView) -> Vec<RunId> {
    let ids = view.run.tasks.iter().map(|task| view.task_output(task).to_value());
    ids.map(|output| {
        output.get("workflowId").and_then(Value::as_str).expect("an id").parse().expect("an id")
    })
    .collect()
}

/// Rows of commands that are on their way, or whose confirmation is.
fn undelivered(store: &ModelStore) -> usize {
    let page = store.scan(&ScanRange::Family(Family::Outbox), None, 10_000).expect("readable");
    page.rows.len()
}

#[tokio::test]
async fn started_runs_are_in_every_shard_and_readable_once_the_task_has_completed() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    define(&engine, waiting("other")).await;
    let request = json!({"name": "other", "input": {"n": 1}});
    define(&engine, starter("many", 200, request)).await;
    let run = start(&engine, "many", json!({})).await;
    let view = end(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Completed, "{:?}", view.run.reason);
    let started: BTreeSet<RunId> = started_by(&view).into_iter().collect();
    assert_eq!(started.len(), 200, "each its own");
    let shards: BTreeSet<u16> = started.iter().map(|run| run.key().get() % 8).collect();
    assert_eq!(shards.len(), 8, "spread over all shards");
    for run in started {
        let other = engine.read(run).await.expect("durable before its task completed");
        assert_eq!(other.input().to_value(), json!({"n": 1}));
        assert_eq!(other.run.correlation.as_deref(), Some("c"));
        assert!(other.run.parent.is_none());
    }
    assert_eq!(engine.running("other").expect("readable").len(), 200, "and no other");
    engine.stop().await;
}

#[tokio::test]
async fn a_key_makes_one_run_of_many_starts() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    define(&engine, waiting("other")).await;
    for (name, strategy) in [("existing", "RETURN_EXISTING"), ("fail", "FAIL")] {
        let request = json!({"name": "other", "idempotencyKey": "k",
            "idempotencyStrategy": strategy});
        define(&engine, starter(name, 3, request)).await;
    }
    let view = {
        let run = start(&engine, "existing", json!({})).await;
        end(&engine, run).await
    };
    assert_eq!(view.run.status, RunStatus::Completed);
    let started: BTreeSet<RunId> = started_by(&view).into_iter().collect();
    assert_eq!(started.len(), 1);
    let run = start(&engine, "fail", json!({})).await;
    let view = end(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Failed);
    let reason = view.run.tasks.first().and_then(|task| task.reason()).expect("a reason");
    assert!(reason.starts_with("the idempotency key has been used by workflow"), "{reason}");
    assert_eq!(engine.running("other").expect("readable").len(), 1);
    engine.stop().await;
}

#[tokio::test]
async fn a_failed_run_starts_its_failure_workflow_once_also_over_a_restart() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    define(&engine, waiting("repair")).await;
    define(
        &engine,
        json!({"name": "breaks", "version": 1, "failureWorkflow": "repair", "tasks": [
        {"name": "t", "taskReferenceName": "t", "type": "TERMINATE", "inputParameters":
            {"terminationStatus": "FAILED", "terminationReason": "by design",
             "workflowOutput": {"o": 1}}}]}),
    )
    .await;
    let mut repairs = BTreeSet::new();
    for n in 0..20 {
        let run = start(&engine, "breaks", json!({"n": n})).await;

        let view = end(&engine, run).await;
        assert_eq!(view.run.status, RunStatus::Failed);
        let output = view.output().to_value();
        assert_eq!(output["o"], json!(1));
        let repair = output["conductor.failure_workflow"].as_str().expect("an id");
        repairs.insert(repair.parse::<RunId>().expect("an id"));
    }
    // Whatever is still on its way arrives in the next life.

    engine.stop().await;
    let engine = open(&store);
    for repair in &repairs {
        let mut view = engine.read(*repair).await;
        for _ in 0..10_000 {
            if view.is_ok() {
                break;
            }
            tokio::task::yield_now().await;
            view = engine.read(*repair).await;
        }
        let input = view.expect("it arrived").input().to_value();
        assert_eq!(input["reason"], json!("by design"));
        assert_eq!(input["failedWorkflow"]["status"], json!("FAILED"));
    }
    assert_eq!(engine.running("repair").expect("readable").len(), repairs.len());
    engine.stop().await;
}

#[tokio::test]
async fn what_was_delivered_leaves_no_rows() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    define(&engine, waiting("other")).await;
    define(&engine, starter("many", 300, json!({"name": "other"}))).await;
    let run = start(&engine, "many", json!({})).await;
    let view = end(&engine, run).await;
    assert_eq!(view.run.status, RunStatus::Completed);
    let some = start(&engine, "other", json!({})).await;
    for _ in 0..100_000 {
        if undelivered(&store) == 0 {
            break;
        }
        let command = Command::AppendLog { task: fermata_types::TaskNumber(1), line: "x".into() };
        engine.command(some, command, Wait::Durable).await.expect("is taken");
    }
    assert_eq!(undelivered(&store), 0);
    engine.stop().await;
}
