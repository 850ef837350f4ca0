//! Retention through the engine: what has ended long enough ago goes with all its rows, and
//! nothing else does.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use fermata_decider::Command;
use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::{Clock, SystemClock};
use fermata_runtime::engine::{Config, Parts, RunView};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::retention::{Archive, Retention, Rules};
use fermata_runtime::shard::load::scan_all;
use fermata_runtime::shard::request::{Idempotency, Start, Strategy, Wait};
use fermata_storage::{Family, ModelStore, Row, ScanRange, Store};
use fermata_types::{Payload, RunId, RunStatus, ShardKey, Timestamp};
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

/// An archive that remembers, or refuses.
#[derive(Default)]
struct Shelf {
    kept: Mutex<Vec<RunId>>,
    is_full: bool,
}
impl Archive for Shelf {
    fn keep(&self, runs: Vec<RunView>) -> std::io::Result<()> {
        if self.is_full {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let mut kept = self.kept.lock().expect("no test panics with it");
        kept.extend(runs.iter().map(|view| view.run.id));
        Ok(())
    }
}

pub struct Server {
    pub store: Arc<ModelStore>,
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

    fn with(shards: u16, time: Arc<dyn Clock>, clock: Arc<Hands>) -> Self {
        let store = Arc::new(ModelStore::default());
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
        let start = Start { definition, origin, shard_key, idempotency };
        self.engine.start(start).await.expect("starts")
    }

    fn wait_hours(&self, hours: i64) {
        self.clock.0.fetch_add(hours * HOUR_MS, Ordering::SeqCst);
    }

    async fn sweep(&self, rules: &[&str], shelf: Arc<Shelf>) -> usize {
        let rules = Rules(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
        Retention::new(self.engine.clone(), rules, shelf).sweep_due().await
    }

    async fn exists(&self, run: RunId) -> bool {
        self.engine.read(run).await.is_ok()
    }

    /// Rows of runs: all but the shards' own and definitions.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        scan_all(&*self.store as &dyn Store, &ScanRange::All, |row| rows.push(row)).expect("reads");
        rows.retain(|row| !matches!(row.family(), Family::Shard | Family::Resolved));
        rows
    }
}

pub fn noop(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "n", "taskReferenceName": "n", "type": "NOOP"}]})
}

pub fn waiting(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "h", "taskReferenceName": "h", "type": "HUMAN"}]})
}

fn family(name: &str) -> Value {
    json!({"name": name, "tasks": [{"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW",
        "subWorkflowParam": {"name": "child", "workflowDefinition": noop("child")}}]})
}

#[tokio::test]
async fn old_runs_go_with_all_their_rows_and_others_stay() {
    let server = Server::open();
    let open = server.start(waiting("open"), None).await;
    let rows_of_open = server.rows();
    let old = server.start(noop("old"), None).await;
    let parent = server.start(family("parent"), None).await;
    server.wait_hours(2);
    let young = server.start(noop("young"), None).await;
    assert_eq!(
        server.sweep(&["age=1h"], Arc::default()).await,
        2,
        "two roots; the child goes unasked"
    );
    assert!(server.exists(open).await && server.exists(young).await);
    assert!(!server.exists(old).await && !server.exists(parent).await);

    server.wait_hours(2);
    assert_eq!(server.sweep(&["age=1h"], Arc::default()).await, 1);
    assert_eq!(server.rows(), rows_of_open, "nothing else is left");
}

#[tokio::test]
async fn rules_choose_by_status_and_definition() {
    let server = Server::open();
    let completed = server.start(noop("a"), None).await;
    let terminated = server.start(waiting("b"), None).await;
    let terminate = Command::Terminate { reason: None };
    server.engine.command(terminated, terminate, Wait::Quiet).await.expect("open");
    server.wait_hours(2);
    assert_eq!(server.sweep(&["age=1h,status=FAILED"], Arc::default()).await, 0);
    assert_eq!(server.sweep(&["age=1h,definition=b"], Arc::default()).await, 1);
    assert!(server.exists(completed).await && !server.exists(terminated).await);
}

#[tokio::test]
async fn an_idempotency_key_outlives_its_run_for_seven_days() {
    let server = Server::open();
    let first = server.start(noop("keyed"), Some("k")).await;
    server.wait_hours(2);
    assert_eq!(server.sweep(&["age=1h"], Arc::default()).await, 1);
    assert_eq!(server.start(noop("keyed"), Some("k")).await, first, "the key is still taken");
    server.wait_hours(8 * 24);
    assert_eq!(server.sweep(&["age=1h"], Arc::default()).await, 1, "the key itself");
    assert_eq!(server.rows(), []);
    let second = server.start(noop("keyed"), Some("k")).await;
    assert_ne!(second, first);
    server.wait_hours(2);
    server.engine.delete(second).await.expect("is there");
    server.start(noop("keyed"), Some("k")).await;
    server.wait_hours(8 * 24);
    let third = server.start(noop("keyed"), Some("k")).await;
    assert_eq!(server.sweep(&["age=1h"], Arc::default()).await, 1, "the second run's leftover");
    assert!(server.exists(third).await, "a key that a new run has taken is the new run's");
    assert_eq!(server.start(noop("keyed"), Some("k")).await, third);
}

#[tokio::test]
async fn what_the_archive_refuses_is_not_deleted() {
    let server = Server::open();
    let run = server.start(noop("a"), None).await;
    server.wait_hours(2);
    let full = Arc::new(Shelf { is_full: true, ..Shelf::default() });
    assert_eq!(server.sweep(&["age=1h,then=archive"], full).await, 0);
    assert!(server.exists(run).await);
    let shelf: Arc<Shelf> = Arc::default();
    assert_eq!(server.sweep(&["age=1h,then=archive"], shelf.clone()).await, 1);
    assert_eq!(*shelf.kept.lock().expect("unharmed"), [run]);
    assert_eq!(server.rows(), []);
}

#[tokio::test]
async fn a_row_that_lies_removes_itself_and_no_run() {
    let server = Server::open();
    let run = server.start(noop("a"), None).await;
    let row = server.rows().into_iter().find_map(|row| match row {
        Row::Ended(row) => Some(row),
        _ => None,
    });
    let mut lie = row.expect("the run has ended");
    lie.key.at = Timestamp::from_ms(lie.key.at.as_ms() - 1);
    assert_eq!(server.engine.retire(lie).await, Ok(Vec::new()));
    assert!(server.exists(run).await, "it ended later than the row says");
    assert_eq!(RunStatus::Completed, server.engine.read(run).await.expect("is there").run.status);
}
