//! Engines with a few rows in memory: queues that overflow, limits, deadlines that are read.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::engine::{Config, Parts, PollRequest, Polled};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::queues::Bounds;
use fermata_runtime::shard::request::{Start, Wait};
use fermata_storage::{
    Batch, DeadlineKey, DeadlineRow, DefinitionKey, DefinitionRow, Family, ModelStore, Row, RowKey,
    ScanRange, Store, Write,
};
use fermata_types::{
    Payload, RunEpoch, RunId, RunStatus, ShardEpoch, ShardId, ShardKey, Span, TaskStatus, Timestamp,
};
use serde_json::{Value, json};

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Failed("no scripts here".to_owned())
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
    let queues = Bounds { ready: 3, delayed: 2 };
    let config = Config { shards: 4, cached_runs: 2, queues, deadlines: 2, ..Config::default() };
    Engine::open(parts, config).expect("a model store can be read")
}

async fn start(engine: &Engine, number: u16, priority: u8, task: Value) -> RunId {
    let definition = json!({"name": "w", "version": 1, "tasks": [task]});
    let definition = engine.metadata().inline(definition).expect("compiles");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
        correlation: None,
        priority,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: Timestamp::ZERO,
    };
    let shard_key = ShardKey::wrapping(number);
    let start = Start { definition, origin, shard_key, idempotency: None };
    engine.start(start).await.expect("starts")
}

fn simple(name: &str) -> Value {
    json!({"name": name, "taskReferenceName": "t", "type": "SIMPLE"})
}

fn wait(duration: &str) -> Value {
    json!({"name": "w", "taskReferenceName": "t", "type": "WAIT",
           "inputParameters": {"duration": duration}})
}

async fn poll(engine: &Engine, task_type: &str, count: usize, ms: u64) -> Vec<Polled> {
    let request = PollRequest {
        task_type: task_type.to_owned(),
        domain: None,
        worker: None,
        count,
        timeout: Duration::from_millis(ms),
    };
    engine.poll(&request).await
}

async fn report(engine: &Engine, polled: &Polled, status: ReportedStatus) {
    let update = TaskUpdate {
        task: polled.task.number,
        status,
        output: Payload::empty_object(),
        reason: None,
        worker: None,
        callback_after: Span::ZERO,
        logs: Vec::new(),
    };
    let command = Command::Update(Box::new(update));
    engine.command(polled.run.id, command, Wait::Quiet).await.expect("is taken");
}

async fn define(engine: &Engine, json: &Value) {
    let name = json["name"].as_str().expect("a name").to_owned();
    let json = bytes::Bytes::from(json.to_string());
    let row = DefinitionRow { key: DefinitionKey::Task { name }, json, changed: Timestamp::ZERO };
    engine.define(vec![row], Vec::new()).await.expect("is taken");
}

fn rows(store: &ModelStore, family: Family) -> Vec<Row> {
    store.scan(&ScanRange::Family(family), None, 1000).expect("readable").rows
}

async fn ends(engine: &Engine, run: RunId) -> RunStatus {
    let watch = engine.watch(run, Vec::new()).await.expect("watches");
    let end = engine.watched(watch, Duration::from_secs(30)).await.expect("no failure");
    end.expect("in time").target.status
}

#[tokio::test]
async fn tasks_beyond_the_memory_come_out_in_order() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let mut begun = Vec::new();
    for number in 0..40u16 {
        let priority = u8::try_from(number % 3).expect("small");
        begun.push((priority, start(&engine, number, priority, simple("t")).await));
    }
    assert_eq!(engine.queue_size("t"), 40);
    let depth = engine.queue_depths().first().map(|(_, depth)| *depth).expect("one queue");
    assert!(depth.in_memory <= 3, "{depth:?}");
    engine.stop().await;

    let engine = open(&store);
    assert_eq!(engine.queue_sizes(), [("t".to_owned(), 40)]);
    let mut taken = Vec::new();
    while taken.len() < begun.len() {
        let polled = poll(&engine, "t", 2, 10_000).await;
        assert!(!polled.is_empty(), "{} taken", taken.len());
        for polled in &polled {
            report(&engine, polled, ReportedStatus::Completed).await;
            taken.push((polled.run.priority, polled.run.id));
        }
    }
    let priorities: Vec<u8> = taken.iter().map(|(priority, _)| *priority).collect();
    assert!(priorities.is_sorted_by(|a, b| a >= b), "{priorities:?}");
    begun.sort_unstable();
    taken.sort_unstable();
    assert_eq!(taken, begun, "each once");
    assert_eq!(engine.queue_size("t"), 0);
    assert!(rows(&store, Family::Queue).is_empty());
}

#[tokio::test]
async fn a_concurrency_limit_holds_over_restarts_and_a_freed_permit_wakes_the_next() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let limited = json!({"name": "t", "concurrentExecLimit": 1});
    define(&engine, &limited).await;
    for number in 0..3 {
        start(&engine, number, 0, simple("t")).await;
    }
    let first = poll(&engine, "t", 3, 10_000).await;
    assert_eq!(first.len(), 1);
    assert_eq!(rows(&store, Family::Lease).len(), 1, "durable before it is delivered");
    assert!(poll(&engine, "t", 3, 0).await.is_empty());
    engine.stop().await;

    let engine = open(&store);
    assert!(poll(&engine, "t", 3, 0).await.is_empty(), "the lease is known after a restart");
    let waiting = poll(&engine, "t", 3, 30_000);
    let first = first.first().expect("one");
    let (second, ()) = tokio::join!(waiting, report(&engine, first, ReportedStatus::Completed));
    assert_eq!(second.len(), 1, "woken by the freed permit");
    let second = second.first().expect("one");
    // A sign of life with IN_PROGRESS puts the task back, so its permit is free.
    report(&engine, second, ReportedStatus::InProgress).await;
    assert!(rows(&store, Family::Lease).is_empty());
    let third = poll(&engine, "t", 3, 30_000).await;
    assert_eq!(third.len(), 1);
    let held = engine.permits().first().map(|count| count.held);
    assert_eq!(held, Some(1));
    // Who waits is woken by a higher limit, at once.
    let higher = json!({"name": "t", "concurrentExecLimit": 5});
    let (fourth, ()) = tokio::join!(poll(&engine, "t", 3, 30_000), define(&engine, &higher));
    assert_eq!(fourth.len(), 1);
    let ended = fourth.first().expect("one").run.id;
    engine
        .command(
            ended,
            Command::Terminate { reason: None, triggers_failure_workflow: false },
            Wait::Durable,
        )
        .await
        .expect("ends");
    engine.delete(third.first().expect("one").run.id).await.expect("is there");
    assert!(rows(&store, Family::Lease).is_empty(), "nobody has a task any more");
    assert_eq!(engine.permits().first().map(|count| count.held), Some(0));
}

#[tokio::test]
async fn a_task_given_back_gives_its_permit_back() {
    let engine = open(&Arc::new(ModelStore::default()));
    define(&engine, &json!({"name": "t", "concurrentExecLimit": 1})).await;
    start(&engine, 0, 0, simple("t")).await;
    let polled = poll(&engine, "t", 1, 10_000).await;
    let polled = polled.first().expect("one");
    let command = Command::Return { task: polled.task.number };
    engine.command(polled.run.id, command, Wait::Durable).await.expect("is there");
    let again = poll(&engine, "t", 1, 30_000).await;
    assert_eq!(again.first().map(|polled| polled.task.status), Some(TaskStatus::InProgress));
}

#[tokio::test]
async fn deadlines_beyond_the_memory_are_met() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let mut runs = Vec::new();
    for number in 0..24 {
        runs.push(start(&engine, number, 0, wait("1 seconds")).await);
        let far = start(&engine, number, 0, wait("1 days")).await;
        if number % 2 == 0 {
            engine.delete(far).await.expect("is there");
        }
    }
    assert!(rows(&store, Family::DueDeadline).len() >= 12);
    for run in runs {
        assert_eq!(ends(&engine, run).await, RunStatus::Completed);
    }
    assert_eq!(rows(&store, Family::DueDeadline).len(), 12, "one for each that waits a day");
}

#[tokio::test]
async fn deadline_rows_of_version_1_are_rewritten() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let run = start(&engine, 1, 0, wait("1 seconds")).await;
    engine.stop().await;
    let [Row::DueDeadline(row)] = &*rows(&store, Family::DueDeadline) else {
        panic!("one row expected");
    };
    let (shard, due) = (row.key.shard, row.key.due);
    let key = DeadlineKey { shard, run };
    let old = DeadlineRow { key, due, run_epoch: row.run_epoch };
    let writes = vec![Write::Put(Row::Deadline(old)), Write::Delete(RowKey::DueDeadline(row.key))];
    let batch = Batch { shard, epoch: ShardEpoch(9), writes };
    store.commit(&[batch]).expect("the model store commits");

    let engine = open(&store);
    assert!(rows(&store, Family::Deadline).is_empty());
    assert_eq!(ends(&engine, run).await, RunStatus::Completed);
    assert!(rows(&store, Family::DueDeadline).is_empty());
}

/// Rows that are due too early, and rows of runs that are gone, are removed when they are met.
#[tokio::test]
async fn rows_that_nothing_stands_behind_are_removed() {
    let store = Arc::new(ModelStore::default());
    let engine = open(&store);
    let run = start(&engine, 1, 0, wait("1 seconds")).await;
    engine.stop().await;
    let gone = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(1), 7);
    let row = |run, due| {
        let key = fermata_storage::DueDeadlineKey { shard: ShardId(1), due, run };
        Write::Put(Row::DueDeadline(fermata_storage::DueDeadlineRow {
            key,
            run_epoch: RunEpoch(0),
        }))
    };
    let writes = vec![
        row(run, Timestamp::from_ms(5)),
        row(run, Timestamp::from_ms(6)),
        row(gone, Timestamp::from_ms(7)),
        row(gone, Timestamp::from_ms(8)),
    ];
    let batch = Batch { shard: ShardId(1), epoch: ShardEpoch(9), writes };
    store.commit(&[batch]).expect("the model store commits");
    let engine = open(&store);
    assert_eq!(ends(&engine, run).await, RunStatus::Completed);
    engine.stop().await;
    assert!(
        rows(&store, Family::DueDeadline).is_empty(),
        "{:?}",
        rows(&store, Family::DueDeadline)
    );
}
