//! An engine over the model store, with an inside worker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Config as EngineConfig, Parts, RunView};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::shard::request::Start;
use fermata_storage::{ModelStore, Store};
use fermata_system_tasks::http::{Hosts, HttpTask};
use fermata_system_tasks::{Config, Secrets, Workers};
use fermata_types::{Payload, RunId, RunStatus, ShardKey, Timestamp};
use serde_json::{Value, json};

/// Longer than any test may take.
pub const LONG: Duration = Duration::from_secs(120);

struct NoScripts;

impl Evaluator for NoScripts {
    fn evaluate(&self, _: &Script, _: Timestamp) -> Evaluated {
        Evaluated::Failed("no scripts here".to_owned())
    }
}

pub fn engine(store: &Arc<ModelStore>) -> Engine {
    let store: Arc<dyn Store> = store.clone();
    let parts = Parts {
        store,
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|error| panic!("{error}")),
    };
    let config = EngineConfig { shards: 4, ..EngineConfig::default() };
    Engine::open(parts, config).expect("a model store can be read")
}

/// A worker with one secret, `KEY`.
pub fn workers(engine: &Engine, places: usize) -> Workers {
    let secrets = BTreeMap::from([("KEY".to_owned(), "s3cret".to_owned())]);
    let config = Config { places, name: "inside".to_owned(), secrets: Secrets::new(secrets) };
    Workers::start(engine, vec![Arc::new(HttpTask::new(Hosts::default()))], &config)
}

/// A step of type HTTP.
pub fn http(reference: &str, input: Value, more: Value) -> Value {
    let mut step = json!({
        "name": reference, "taskReferenceName": reference, "type": "HTTP",
        "inputParameters": input
    });
    let fields = step.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    step
}

pub async fn start(engine: &Engine, tasks: Value) -> RunId {
    let definition = json!({"name": "wf", "version": 1, "schemaVersion": 2, "tasks": tasks});
    let definition = engine.metadata().inline(definition).expect("compiles");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
        correlation: None,
        priority: 0,
        task_to_domain: vec![("*".to_owned(), "elsewhere".to_owned())],
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: Timestamp::ZERO,
    };
    let shard_key = ShardKey::wrapping(0);
    let start = Start { definition, origin, shard_key, idempotency: None };
    engine.start(start).await.expect("starts")
}

/// The run once it has ended, or once a WAIT or other task of these references blocks it.
pub async fn ended(engine: &Engine, run: RunId) -> RunView {
    let watch = engine.watch(run, Vec::new()).await.expect("a watch");
    engine.watched(watch, LONG).await.expect("an answer").expect("the run ends");
    let view = engine.read(run).await.expect("the run");
    assert_ne!(view.run.status, RunStatus::Running);
    view
}
