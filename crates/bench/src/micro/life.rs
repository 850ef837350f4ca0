//! One task's life in process: start, poll, result, and the run has ended.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_decider::definition::Workflow;
use fermata_decider::event::Origin;
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Config, Parts, PollRequest};
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::shard::request::Start;
use fermata_storage::ModelStore;
use fermata_types::{Payload, ShardKey, Span};
use serde_json::json;

use super::Work;
use super::stub::NoScripts;

/// Few, so that starting the engine costs little beside the work.
const SHARDS: u16 = 4;

pub(super) fn one_task() -> Work {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime on one thread can be built");
    let engine = runtime.block_on(async { open() });
    let definition = json!({
        "name": "w", "version": 1, "schemaVersion": 2, "ownerEmail": "bench@example.com",
        "tasks": [{ "name": "t", "taskReferenceName": "t", "type": "SIMPLE" }],
    });
    let definition = engine.metadata().inline(definition).expect("one worker task compiles");
    Box::new(move || runtime.block_on(live(&engine, &definition)))
}

fn open() -> Engine {
    let parts = Parts {
        store: Arc::new(ModelStore::new()),
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|_| {}),
    };
    let config = Config { shards: SHARDS, ..Config::default() };
    Engine::open(parts, config).expect("an empty model store can be read")
}

/// The number of tasks that were completed: one.
async fn live(engine: &Engine, definition: &Arc<Workflow>) -> u64 {
    let origin = Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
        correlation: None,
        priority: 0,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: engine.now(),
    };
    let definition = definition.clone();
    let start = Start { definition, origin, shard_key: ShardKey::wrapping(0), idempotency: None };
    let run = engine.start(start).await.expect("the model store takes everything");
    let poll = PollRequest {
        task_type: "t".to_owned(),
        domain: None,
        worker: Some("worker".to_owned()),
        count: 1,
        timeout: Duration::from_secs(5),
    };
    let mut completed = 0;
    for polled in engine.poll(&poll).await {
        let update = TaskUpdate {
            task: polled.task.number,
            status: ReportedStatus::Completed,
            output: Payload::empty_object(),
            reason: None,
            worker: Some("worker".to_owned()),
            callback_after: Span::from_seconds(0),
            logs: Vec::new(),
        };
        assert_eq!(polled.run.id, run, "there is no other run");
        engine.update(run, update).await.expect("a leased task takes its result");
        completed += 1;
    }
    completed
}
