//! Rows of an earlier epoch of their run are dropped when they are met (design 3): a queue row, a
//! deadline row. Nothing raises an epoch yet, so the test raises it in the state that is loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_decider::event::Origin;
use fermata_decider::{Rejection, Run};
use fermata_runtime::engine::recovery;
use fermata_runtime::ids::Salt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::PollBook;
use fermata_runtime::shard::load::{Loaded, perform};
use fermata_runtime::shard::machine::{LoadRequest, Shared};
use fermata_runtime::shard::map::ShardMap;
use fermata_runtime::shard::request::Start;
use fermata_runtime::shard::{Answer, Machine, MachineConfig, Output, Request, Token};
use fermata_storage::{
    Family, ModelStore, QueueKey, QueueRow, Row, RowKey, ScanRange, Store, Write,
};
use fermata_types::{Payload, RunEpoch, RunId, ShardEpoch, ShardId, ShardKey, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const SHARD: ShardId = ShardId(0);
const NOW: Timestamp = Timestamp::from_ms(1_000_000);

struct Seven;
impl Salt for Seven {
    fn draw(&self) -> u32 {
        7
    }
}

/// A machine on a model store, driven by hand.
struct Bench {
    store: ModelStore,
    shared: Arc<Shared>,
    machine: Machine,
    tokens: u64,
}

impl Bench {
    fn new() -> Self {
        Self::on(ModelStore::new())
    }

    /// A new process on the same rows.
    fn on(store: ModelStore) -> Self {
        let shared = Arc::new(Shared {
            payloads: PayloadCache::default(),
            metadata: Arc::new(Metadata::load(&store).expect("readable")),
            map: ShardMap::dealt(1),
            salt: Arc::new(Seven),
            polls: PollBook::default(),
            permits: Arc::default(),
            environment: BTreeMap::new(),
            payload_limits: fermata_types::PayloadLimits::default(),
            space: fermata_runtime::space::Space::default(),
            metrics: Metrics::default(),
            mutation: Mutation::default(),
        });
        let (shard, epoch) = (SHARD, ShardEpoch(1));
        let config =
            MachineConfig { shard, epoch, cached_runs: 8, deadlines: 8, snapshot_events: 256 };
        let mut machine = Machine::new(config, shared.clone());
        recovery::recover_shard(&store, SHARD, &mut machine).expect("readable");
        Self { store, shared, machine, tokens: 0 }
    }

    fn ask(&mut self, request: Request) {
        self.tokens += 1;
        self.machine.handle_request(Token(self.tokens), request, NOW);
    }

    /// Runs the machine until it is quiet; each loaded run goes through `change` first.
    fn run(&mut self, change: &dyn Fn(&mut Run)) -> Vec<Answer> {
        let mut answers = Vec::new();
        loop {
            while let Some(output) = self.machine.poll_output() {
                match output {
                    Output::Answer(_, answer) => answers.push(answer),
                    Output::Load(request) => self.load(request, change),
                    _ => {}
                }
            }
            let Some(staged) = self.machine.take_batch() else { return answers };
            self.store.commit(&[staged.batch]).expect("the model store commits");
            self.machine.handle_committed(staged.number);
        }
    }

    fn load(&mut self, request: LoadRequest, change: &dyn Fn(&mut Run)) {
        let mut loaded = perform(&self.store, &self.shared.metadata, SHARD, request);
        if let Loaded::Run(_, Some(found)) = &mut loaded {
            change(&mut found.run);
        }
        self.machine.handle_loaded(loaded, NOW);
    }

    fn start(&mut self, tasks: &Value) -> RunId {
        let definition = json!({"name": "w", "version": 1, "tasks": tasks});
        let definition = self.shared.metadata.inline(definition).expect("compiles");
        let origin = Origin {
            definition: definition.hash,
            input: Payload::empty_object(),
            correlation: None,
            priority: 0,
            task_to_domain: Vec::new(),
            parent: None,
            created_by: None,
            idempotency_key: None,
            at: NOW,
        };
        let shard_key = ShardKey::wrapping(0);
        let start = Start { definition, origin, shard_key, idempotency: None };
        self.ask(Request::Start(Box::new(start)));
        match self.run(&|_| {}).as_slice() {
            [Answer::Started(run)] => *run,
            other => panic!("not started: {other:?}"),
        }
    }

    fn rows(&self, family: Family) -> Vec<Row> {
        self.store.scan(&ScanRange::Family(family), None, 100).expect("readable").rows
    }
}

fn worker() -> Value {
    json!([{
        "name": "t", "taskReferenceName": "t", "type": "SIMPLE",
        "taskDefinition": {"name": "t", "pollTimeoutSeconds": 60}
    }])
}

fn queue_row(bench: &Bench) -> (QueueKey, RunEpoch) {
    match bench.rows(Family::Queue).as_slice() {
        [Row::Queue(row)] => (row.key.clone(), row.run_epoch),
        other => panic!("one row expected: {other:?}"),
    }
}

proptest! {
    /// The new epoch has the task somewhere else, or nowhere: the row is dropped.
    #[test]
    fn a_queue_row_of_an_earlier_epoch_is_dropped(
        raised in 2u64..9, moved in proptest::option::of(1i64..1000)
    ) {
        let mut first = Bench::new();
        first.start(&worker());
        let (key, epoch) = queue_row(&first);
        let mut bench = Bench::on(first.store.clone());
        bench.ask(Request::Lease { key: key.clone(), epoch, worker: None });
        let queued = moved.map(|ms| Timestamp::from_ms(NOW.as_ms() + ms));
        let answers = bench.run(&|run| {
            run.epoch = RunEpoch(raised);
            let numbers: Vec<_> = run.tasks.iter().map(|task| task.number).collect();
            for number in numbers {
                run.tasks.numbered_mut(number).expect("is there").set_queued(queued);
            }
        });
        let is_stale = matches!(answers.as_slice(), [Answer::Refused(Rejection::Stale)]);
        prop_assert!(is_stale, "{answers:?}");
        prop_assert!(bench.rows(Family::Queue).is_empty());
    }

    /// The new epoch has the task at the very same place: the lease of the old row is refused, and
    /// the row, which the new epoch has written over, stays for the one who comes with it.
    #[test]
    fn a_lease_under_an_earlier_epoch_does_not_take_the_row_of_a_later_one(raised in 2u64..9) {
        let mut first = Bench::new();
        first.start(&worker());
        let (key, old) = queue_row(&first);
        let epoch = RunEpoch(raised);
        let over = Row::Queue(QueueRow { key: key.clone(), run_epoch: epoch });
        let batch = fermata_storage::Batch {
            shard: SHARD,
            epoch: ShardEpoch(1),
            writes: vec![Write::Put(over)],
        };
        first.store.commit(&[batch]).expect("the model store commits");
        let mut bench = Bench::on(first.store.clone());
        bench.ask(Request::Lease { key: key.clone(), epoch: old, worker: None });
        let raise = |run: &mut Run| run.epoch = epoch;
        let answers = bench.run(&raise);
        prop_assert!(matches!(answers.as_slice(), [Answer::Refused(Rejection::Stale)]));
        prop_assert_eq!(queue_row(&bench), (key.clone(), epoch));
        bench.ask(Request::Lease { key, epoch, worker: None });
        let answers = bench.run(&raise);
        prop_assert!(matches!(answers.as_slice(), [Answer::Leased(_)]), "{:?}", answers);
        prop_assert!(bench.rows(Family::Queue).is_empty());
    }

    /// The deadline row of an earlier epoch ends nothing: it is written anew for the present one,
    /// or removed when that waits for no time.
    #[test]
    fn a_deadline_row_of_an_earlier_epoch_is_dropped(raised in 2u64..9, waits in any::<bool>()) {
        let mut first = Bench::new();
        let run = first.start(&worker());
        let mut bench = Bench::on(first.store.clone());
        let due = bench.machine.poll_deadline().expect("the poll timeout is armed");
        bench.machine.handle_deadline(due);
        let answers = bench.run(&|run| {
            run.epoch = RunEpoch(raised);
            if !waits {
                run.deadlines.clear();
            }
        });
        prop_assert!(answers.is_empty());
        let epochs: Vec<RunEpoch> = bench.rows(Family::DueDeadline).iter().map(|row| match row {
            Row::DueDeadline(row) => row.run_epoch,
            other => panic!("not a deadline: {other:?}"),
        }).collect();
        let expected = if waits { vec![RunEpoch(raised)] } else { Vec::new() };
        prop_assert_eq!(epochs, expected);
        prop_assert_eq!(bench.machine.is_armed((due, run)), waits);
        let history = bench.store.scan(&ScanRange::History { run }, None, 100);
        prop_assert_eq!(history.expect("readable").rows.len(), 1);
        let queue = RowKey::Queue(queue_row(&bench).0);
        prop_assert!(bench.store.get(&queue).expect("readable").is_some());
    }
}
