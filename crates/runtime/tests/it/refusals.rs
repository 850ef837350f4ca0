//! Refused commits: nothing of them happened, and nothing that was decided on them happens later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fermata_decider::event::Origin;
use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::Engine;
use fermata_runtime::clock::SystemClock;
use fermata_runtime::commit::committer::CommitBell;
use fermata_runtime::commit::{Committer, Submission};
use fermata_runtime::engine::{Config, Parts, PollRequest};
use fermata_runtime::evaluator::Evaluator;
use fermata_runtime::ids::SystemSalt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::PollBook;
use fermata_runtime::shard::StagedBatch;
use fermata_runtime::shard::machine::Shared;
use fermata_runtime::shard::map::ShardMap;
use fermata_runtime::shard::request::{Failure, Start};
use fermata_storage::{
    Batch, DueDeadlineKey, DueDeadlineRow, Fault, FaultyStore, ModelStore, Row, Store, Write,
};
use fermata_types::{
    BatchNumber, Payload, RunEpoch, RunId, ShardEpoch, ShardId, ShardKey, Timestamp,
};
use serde_json::json;

type Disk = FaultyStore<ModelStore>;

struct NoScripts;
impl Evaluator for NoScripts {
    fn evaluate(&self, _script: &Script, _now: Timestamp) -> Evaluated {
        Evaluated::Failed("no scripts here".to_owned())
    }
}

/// A lease is answered before its commit. If that is refused, the task is in its queue after all,
/// and someone else gets it without a restart.
#[tokio::test]
async fn a_task_whose_lease_was_refused_is_handed_out_again() {
    let disk = Arc::new(Disk::new(ModelStore::new()));
    let parts = Parts {
        store: disk.clone(),
        clock: Arc::new(SystemClock),
        salt: Arc::new(SystemSalt),
        evaluator: Arc::new(NoScripts),
        poisoned: Box::new(|error| panic!("{error}")),
    };
    let config = Config { shards: 1, ..Config::default() };
    let engine = Engine::open(parts, config).expect("a model store can be read");
    let definition = engine
        .metadata()
        .inline(json!({"name": "w", "version": 1, "tasks": [
            {"name": "t", "taskReferenceName": "t", "type": "SIMPLE"}
        ]}))
        .expect("compiles");
    let origin = Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
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
    engine.start(start).await.expect("starts");
    let poll = |worker: &str| PollRequest {
        task_type: "t".to_owned(),
        domain: None,
        worker: Some(worker.to_owned()),
        count: 1,
        timeout: Duration::from_secs(20),
    };
    disk.fail_commit(disk.commits(), Fault::StorageFull);
    let first = engine.poll(&poll("first")).await;
    let second = engine.poll(&poll("second")).await;
    let task = |polled: &[fermata_runtime::engine::Polled]| {
        polled.first().map(|polled| polled.task.number)
    };
    assert_eq!(first.len(), 1, "a lease does not wait for its commit");
    assert_eq!(task(&second), task(&first), "the refused lease did not happen");
    engine.stop().await;
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        payloads: PayloadCache::default(),
        metadata: Arc::new(Metadata::default()),
        map: ShardMap::dealt(1),
        salt: Arc::new(SystemSalt),
        polls: PollBook::default(),
        permits: Arc::default(),
        environment: BTreeMap::new(),
        payload_limits: fermata_types::PayloadLimits::default(),
        space: fermata_runtime::space::Space::default(),
        metrics: Metrics::default(),
        mutation: Mutation::default(),
    })
}

fn batch(number: u64) -> StagedBatch {
    let run = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(0), 7);
    let due = Timestamp::from_ms(i64::try_from(number).expect("small"));
    let key = DueDeadlineKey { shard: ShardId(0), due, run };
    let row = Row::DueDeadline(DueDeadlineRow { key, run_epoch: RunEpoch(1) });
    let batch = Batch { shard: ShardId(0), epoch: ShardEpoch(1), writes: vec![Write::Put(row)] };
    StagedBatch { number: BatchNumber(number), batch }
}

/// Runs a committer on these submissions, to its end.
fn commit(disk: &Arc<Disk>, submissions: Vec<Submission>) {
    let poisoned = Box::new(|error: &fermata_storage::CommitError| panic!("{error}"));
    let (committer, queue) = Committer::new(disk.clone(), shared(), poisoned);
    for submission in submissions {
        assert!(queue.try_send(submission).is_ok(), "there is room");
    }
    drop(queue);
    committer.run();
}

/// A batch that was on its way when its shard was refused rests on what did not happen. The shard
/// starts anew, and the batch is dropped, also when the shard is done before the batch arrives.
#[test]
fn batches_decided_on_a_refused_state_are_never_written() {
    let disk = Arc::new(Disk::new(ModelStore::new()));
    let bell: Arc<CommitBell> = Arc::default();
    let on_its_way = Submission::new(batch(2), bell.clone());
    disk.fail_commit(0, Fault::StorageFull);
    commit(&disk, vec![Submission::new(batch(1), bell.clone())]);
    assert_eq!(bell.refusal(), Some(Failure::StorageFull));
    bell.reset();
    commit(&disk, vec![on_its_way]);
    assert!(disk.inner().rows().is_empty(), "nothing was written");
    assert_eq!(bell.durable(), BatchNumber(0));
    commit(&disk, vec![Submission::new(batch(3), bell.clone())]);
    assert_eq!(disk.inner().rows().len(), 1, "the shard goes on");
    assert_eq!(bell.durable(), BatchNumber(3));
    assert_eq!(disk.position().0, 1);
}
