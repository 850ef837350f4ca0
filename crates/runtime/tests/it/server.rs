//! An engine on rows in memory, with a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::{Clock, SystemClock};
use fermata_runtime::engine::{Config, EngineError, Parts};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::shard::load::scan_all;
use fermata_runtime::shard::request::{Idempotency, Start, Strategy};
use fermata_storage::{Family, ModelStore, Row, ScanRange, Store};
use fermata_types::{Payload, RunId, ShardKey, Timestamp};
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Value(Payload::from_value(&json!(null)))
    }
}

struct Hands(AtomicI64);
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

pub struct Server {
    pub store: Arc<dyn Store>,
    clock: Arc<Hands>,
    pub engine: Engine,
}

impl Server {
    pub fn open() -> Self {
        Self::with_shards(2)
    }

    pub fn with_shards(shards: u16) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(1_700_000_000_000)));
        Self::with(shards, clock.clone(), clock)
    }

    /// On the machine's own clock.
    pub fn in_real_time(shards: u16) -> Self {
        Self::with(shards, Arc::new(SystemClock), Arc::new(Hands(AtomicI64::new(0))))
    }

    /// On that store, in real time.
    pub fn on(store: Arc<dyn Store>) -> Self {
        Self::of(store, 1, Arc::new(SystemClock), Arc::new(Hands(AtomicI64::new(0))))
    }

    fn with(shards: u16, time: Arc<dyn Clock>, clock: Arc<Hands>) -> Self {
        Self::of(Arc::new(ModelStore::default()), shards, time, clock)
    }

    fn of(store: Arc<dyn Store>, shards: u16, time: Arc<dyn Clock>, clock: Arc<Hands>) -> Self {
        let parts = Parts {
            store: store.clone(),
            clock: time,
            salt: Arc::new(SystemSalt),
            evaluator: Arc::new(NoScripts),
            poisoned: Box::new(|error| panic!("{error}")),
        };
        let config = Config { shards, ..Config::default() };
        let engine = Engine::open(parts, config).expect("a model store can be read");
        Self { store, clock, engine }
    }

    pub async fn start(&self, definition: Value, key: Option<&str>) -> RunId {
        self.engine.start(self.request(definition, key)).await.expect("starts")
    }

    pub async fn try_start(&self, definition: Value) -> Result<RunId, EngineError> {
        self.engine.start(self.request(definition, None)).await
    }

    pub async fn start_unless_running(&self, definition: Value, key: &str) -> RunId {
        let mut request = self.request(definition, Some(key));
        request.idempotency.iter_mut().for_each(|key| key.strategy = Strategy::FailOnRunning);
        self.engine.start(request).await.expect("starts")
    }

    fn request(&self, definition: Value, key: Option<&str>) -> Start {
        let definition = self.engine.metadata().inline(definition).expect("compiles");
        let origin = Origin {
            definition: definition.hash,
            input: Payload::empty_object(),
            correlation: Some("c".to_owned()),
            priority: 0,
            task_to_domain: Vec::new(),
            parent: None,
            created_by: None,
            idempotency_key: key.map(str::to_owned),
            at: Timestamp::ZERO,
        };
        let idempotency =
            key.map(|key| Idempotency { key: key.to_owned(), strategy: Strategy::ReturnExisting });
        let shard_key = ShardKey::wrapping(0);
        Start { definition, origin, shard_key, idempotency }
    }

    pub fn wait_hours(&self, hours: i64) {
        self.clock.0.fetch_add(hours * HOUR_MS, Ordering::SeqCst);
    }

    pub async fn exists(&self, run: RunId) -> bool {
        self.engine.read(run).await.is_ok()
    }

    /// Rows of runs: all but the shards' own and definitions.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        scan_all(&*self.store, &ScanRange::All, |row| rows.push(row)).expect("reads");
        rows.retain(|row| !matches!(row.family(), Family::Shard | Family::Resolved));
        rows
    }
}
