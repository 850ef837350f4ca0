//! The engine from outside, on the model store: the walk of a run, and that a new engine on the
//! same rows goes on where the old one stopped.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::{ReferenceUpdate, ReportedStatus, TaskUpdate};
use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Config, Parts, PollRequest, Polled};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::shard::request::{Start, Wait};
use fermata_storage::{ModelStore, Store};
use fermata_types::{Payload, RunId, RunStatus, ShardKey, Span, TaskStatus, Timestamp};
use serde_json::{Value, json};

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Value(Payload::from_value(&json!("scripted")))
    }
}

pub fn open(store: &Arc<ModelStore>) -> Engine {
    let store: Arc<dyn Store> = store.clone();
    let parts = Parts {
        store,
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|error| panic!("{error}")),
    };
    let config = Config { shards: 4, cached_runs: 2, ..Config::default() };
    Engine::open(parts, config).expect("a model store can be read")
}

fn simple(name: &str) -> Value {
    json!({"name": name, "taskReferenceName": name, "type": "SIMPLE",
           "inputParameters": {"from": "${workflow.input.n}"}})
}

pub async fn start(engine: &Engine, definition: Value) -> RunId {
    let definition = engine.metadata().inline(definition).expect("compiles");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::from_value(&json!({"n": 7})),
        correlation: None,
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

pub async fn poll(engine: &Engine, task_type: &str, ms: u64) -> Vec<Polled> {
    let request = PollRequest {
        task_type: task_type.to_owned(),
        domain: None,
        worker: Some("me".to_owned()),
        count: 10,
        timeout: Duration::from_millis(ms),
    };
    engine.poll(&request).await
}

pub async fn complete(engine: &Engine, polled: &Polled, output: Value) {
    let update = TaskUpdate {
        task: polled.task.number,
        status: ReportedStatus::Completed,
        output: Payload::from_value(&output),
        reason: None,
        worker: Some("me".to_owned()),
        callback_after: Span::ZERO,
        logs: vec![("did it".to_owned(), Timestamp::from_ms(1))],
    };
    let command = Command::Update(Box::new(update));
    engine.command(polled.run.id, command, Wait::Quiet).await.expect("is taken");
}

#[tokio::test]
async fn a_run_of_two_workers_completes() {
    let engine = open(&Arc::new(ModelStore::default()));
    let definition = json!({"name": "two", "version": 1, "tasks": [simple("a"), simple("b")],
        "outputParameters": {"sum": "${a.output.x}", "big": "${b.output.text}"}});
    let run = start(&engine, definition).await;
    let first = poll(&engine, "a", 1000).await;
    assert_eq!(first.len(), 1);
    let first = first.first().expect("one");
    assert_eq!(first.input.to_value(), json!({"from": 7}));
    assert_eq!(first.task.status, TaskStatus::InProgress);
    complete(&engine, first, json!({"x": 3})).await;
    let text = "t".repeat(10_000);
    let second = poll(&engine, "b", 1000).await;
    complete(&engine, second.first().expect("one"), json!({"text": text})).await;
    let view = engine.read(run).await.expect("is there");
    assert_eq!(view.run.status, RunStatus::Completed);
    assert_eq!(view.output().to_value(), json!({"sum": 3, "big": text}));
    let logs = engine.task_logs(run.task(first.task.number)).expect("readable");
    assert_eq!(logs, [("did it".to_owned(), Timestamp::from_ms(1))]);
    assert!(engine.running("two").expect("readable").is_empty());
}

#[tokio::test]
async fn a_new_engine_on_the_same_rows_goes_on() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let child = json!({"name": "child", "version": 1, "tasks": [
        {"name": "w", "taskReferenceName": "w", "type": "WAIT"}, simple("c")]});
    let definition = json!({"name": "parent", "version": 1, "tasks": [
        {"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW",
         "subWorkflowParam": {"name": "child", "workflowDefinition": child}},
        {"name": "i", "taskReferenceName": "i", "type": "INLINE", "inputParameters":
         {"evaluatorType": "javascript", "expression": "function e(){return 1} e()"}}]});
    let run = start(&engine, definition).await;
    engine.stop().await;

    let engine = open(&store);
    let update = ReferenceUpdate {
        reference: None,
        status: ReportedStatus::Completed,
        output: Payload::empty_object(),
        worker: None,
    };
    engine.signal(run, update).await.expect("the child waits");
    engine.stop().await;

    let engine = open(&store);
    let polled = poll(&engine, "c", 2000).await;
    complete(&engine, polled.first().expect("the child's task"), json!({"done": true})).await;
    let watch = engine.watch(run, Vec::new()).await.expect("watches");
    let end = engine.watched(watch, Duration::from_secs(5)).await.expect("no failure");
    let view = engine.view(end.expect("in time").target);
    assert_eq!(view.run.status, RunStatus::Completed);
    assert_eq!(view.output().to_value(), json!({"result": "scripted"}));
    let outcome = view.task_output(view.run.tasks.first().expect("the sub-workflow"));
    assert_eq!(outcome.to_value()["done"], json!(true));
    engine.delete(run).await.expect("is there");
    assert!(engine.read(run).await.is_err());
}

#[tokio::test]
async fn a_long_loop_of_inline_steps_ends_and_survives_a_restart() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let definition = json!({"name": "loop", "version": 1, "tasks": [
        {"name": "l", "taskReferenceName": "l", "type": "DO_WHILE",
         "loopCondition": "if ($.l['iteration'] < 3000) { true; } else { false; }",
         "loopOver": [{"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
                       "inputParameters": {"n": "${l.output.iteration}"}}]}]});
    let run = start(&engine, definition).await;
    engine.stop().await;
    let engine = open(&store);
    let watch = engine.watch(run, Vec::new()).await.expect("watches");
    let end = engine.watched(watch, Duration::from_secs(30)).await.expect("no failure");
    let view = engine.view(end.expect("in time").target);
    assert_eq!(view.run.status, RunStatus::Completed, "{:?}", view.run.reason);
    assert_eq!(view.run.tasks.len(), 3001);
    assert_eq!(view.run.variables.first().map(|(_, n)| n.to_value()), Some(json!(3000)));
}
