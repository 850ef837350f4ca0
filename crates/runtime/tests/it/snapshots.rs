//! Runs that leave memory and come back from their snapshot are what their history says.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_decider::event::Origin;
use fermata_decider::{Command, Run};
use fermata_runtime::engine::recovery;
use fermata_runtime::ids::Salt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::PollBook;
use fermata_runtime::shard::load::{LoadedRun, load_run, perform};
use fermata_runtime::shard::machine::Shared;
use fermata_runtime::shard::request::{Start, Wait};
use fermata_runtime::shard::{Answer, Machine, MachineConfig, Output, Request, Token};
use fermata_storage::{
    Batch, Family, ModelStore, Row, RowKey, ScanRange, SnapshotKey, SnapshotRow, Store, Write,
};
use fermata_types::{
    Payload, RunId, RunStatus, ShardEpoch, ShardId, ShardKey, Span, TaskNumber, Timestamp,
};
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
    /// A process that keeps no idle run in memory.
    fn on(store: ModelStore, snapshot_events: u64) -> Self {
        let shared = Arc::new(Shared {
            payload_limits: fermata_types::PayloadLimits::default(),
            space: fermata_runtime::space::Space::default(),
            payloads: PayloadCache::default(),
            metadata: Arc::new(Metadata::load(&store).expect("readable")),
            map: fermata_runtime::shard::map::ShardMap::dealt(1),
            salt: Arc::new(Seven),
            polls: PollBook::default(),
            permits: Arc::default(),
            environment: BTreeMap::new(),
            metrics: Metrics::default(),
            mutation: Mutation::default(),
        });
        let (shard, epoch) = (SHARD, ShardEpoch(1));
        let config = MachineConfig { shard, epoch, cached_runs: 0, deadlines: 8, snapshot_events };
        let mut machine = Machine::new(config, shared.clone());
        recovery::recover_shard(&store, SHARD, &mut machine).expect("readable");
        Self { store, shared, machine, tokens: 0 }
    }

    fn asks(&mut self, request: Request) -> Vec<Answer> {
        self.tokens += 1;
        self.machine.handle_request(Token(self.tokens), request, NOW);
        self.goes_on()
    }

    /// Runs the machine until it is quiet.
    fn goes_on(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        loop {
            while let Some(output) = self.machine.poll_output() {
                match output {
                    Output::Answer(_, answer) => answers.push(answer),
                    Output::Load(request) => {
                        let metadata = &self.shared.metadata;
                        let loaded = perform(&self.store, metadata, SHARD, request);
                        self.machine.handle_loaded(loaded, NOW);
                    }
                    Output::Snapshot(job) => self.machine.handle_snapshot(job.encode()),
                    _ => {}
                }
            }
            let staged = self.machine.take_batch();
            if let Some(staged) = staged {
                self.store.commit(&[staged.batch]).expect("the model store commits");
                self.machine.handle_committed(staged.number);
            } else if self.machine.has_internal_work() {
                self.machine.run_internal(NOW);
            } else {
                return answers;
            }
        }
    }

    fn starts(&mut self, tasks: &Value) -> RunId {
        let definition = json!({ "name": "w", "version": 1, "tasks": tasks });
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
        match self.asks(Request::Start(Box::new(start))).as_slice() {
            [Answer::Started(run)] => *run,
            other => panic!("not started: {other:?}"),
        }
    }

    fn completes(&mut self, run: RunId, task: u32, logs: &[&str]) -> Vec<Answer> {
        let command = Command::Update(Box::new(TaskUpdate {
            task: TaskNumber(task),
            status: ReportedStatus::Completed,
            output: Payload::empty_object(),
            reason: None,
            worker: Some(format!("worker-{}", task % 3)),
            callback_after: Span::ZERO,
            logs: logs.iter().map(|line| ((*line).to_owned(), NOW)).collect(),
        }));
        self.asks(Request::Run { run, command, wait: Wait::Durable })
    }

    fn loads(&self, run: RunId) -> LoadedRun {
        let found = load_run(&self.store, &self.shared.metadata, SHARD, run);
        found.expect("readable").expect("it is there")
    }

    /// The run as its history alone says.
    fn folds(&self, run: RunId) -> Run {
        let plain = ModelStore::new();
        let all = self.store.scan(&ScanRange::All, None, usize::MAX).expect("readable").rows;
        let kept = all.into_iter().filter(|row| row.family() != Family::Snapshot);
        let writes: Vec<Write> = kept.map(Write::Put).collect();
        write(&plain, writes);
        let found = load_run(&plain, &self.shared.metadata, SHARD, run);
        let loaded = found.expect("readable").expect("it is there");
        assert_eq!(loaded.written.last.0, 0);
        loaded.run
    }

    fn rows(&self, range: &ScanRange) -> Vec<Row> {
        self.store.scan(range, None, usize::MAX).expect("readable").rows
    }

    fn assert_is_the_fold(&self, run: RunId) -> LoadedRun {
        let loaded = self.loads(run);
        let folded = self.folds(run);
        assert_eq!(format!("{:?}", loaded.run), format!("{folded:?}"));
        loaded
    }
}

fn write(store: &ModelStore, writes: Vec<Write>) {
    let batch = Batch { shard: SHARD, epoch: ShardEpoch(1), writes };
    store.commit(&[batch]).expect("the model store commits");
}

fn long_loop(iterations: u32, after: &Value) -> Value {
    json!([
        { "name": "l", "taskReferenceName": "l", "type": "DO_WHILE",
          "loopCondition": format!("$.l.iteration < {iterations}"),
          "loopOver": [{ "name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
                         "inputParameters": { "n": "${l.output.iteration}" } }] },
        after
    ])
}

fn worker() -> Value {
    json!({ "name": "t", "taskReferenceName": "t", "type": "SIMPLE", "retryCount": 1 })
}

fn fork(branches: u32) -> Value {
    let names: Vec<String> = (0..branches).map(|at| format!("w{at}")).collect();
    let branch =
        |name: &String| json!([{ "name": "t", "taskReferenceName": name, "type": "SIMPLE" }]);
    let branches: Vec<Value> = names.iter().map(branch).collect();
    json!([
        { "name": "f", "taskReferenceName": "f", "type": "FORK_JOIN", "forkTasks": branches },
        { "name": "j", "taskReferenceName": "j", "type": "JOIN", "joinOn": names }
    ])
}

#[test]
fn a_long_run_comes_back_from_its_snapshot() {
    let mut bench = Bench::on(ModelStore::new(), 256);
    let run = bench.starts(&long_loop(2000, &worker()));
    let loaded = bench.assert_is_the_fold(run);
    assert_eq!(loaded.run.tasks.len(), 2002);
    assert_eq!(loaded.written.pages.len(), 4);
    // At most what one turn makes lies between the snapshot being due and being taken.
    let tail = loaded.run.last.0 - loaded.written.last.0;
    assert!(tail < 256 + 256, "{tail} events are folded on top of the snapshot");
    // What earlier snapshots wrote and this one does not name is gone: one chunk a page, the
    // state besides tasks, the head.
    assert_eq!(bench.rows(&ScanRange::Snapshot { run }).len(), 4 + 1 + 1);

    assert_eq!(bench.completes(run, 2002, &[]).len(), 1);
    let ended = bench.assert_is_the_fold(run).run;
    assert_eq!(ended.status, RunStatus::Completed);
}

#[test]
fn each_completion_of_a_cold_run_leaves_a_whole_snapshot() {
    let mut bench = Bench::on(ModelStore::new(), 4);
    let run = bench.starts(&fork(40));
    for number in (2..42).rev() {
        assert_eq!(bench.completes(run, number, &["done"]).len(), 1, "task {number}");
        bench.assert_is_the_fold(run);
    }
    let ended = bench.loads(run);
    assert_eq!(ended.run.status, RunStatus::Completed);
    assert!(ended.written.last.0 > 100, "snapshots were taken: {:?}", ended.written);
}

#[test]
fn a_short_run_has_no_snapshot() {
    let mut bench = Bench::on(ModelStore::new(), 256);
    let run = bench.starts(&fork(10));
    bench.completes(run, 2, &[]);
    assert!(bench.rows(&ScanRange::Snapshot { run }).is_empty());
}

#[test]
fn a_removed_run_leaves_no_chunk() {
    let mut bench = Bench::on(ModelStore::new(), 8);
    let run = bench.starts(&fork(20));
    assert!(!bench.rows(&ScanRange::Snapshot { run }).is_empty());
    assert!(matches!(bench.asks(Request::Delete(run)).as_slice(), [Answer::Done]));
    assert!(bench.rows(&ScanRange::Snapshot { run }).is_empty());
}

/// Lines go on where they ended, although a run that is loaded does not know its tasks' logs.
#[test]
fn log_lines_are_numbered_on() {
    let mut bench = Bench::on(ModelStore::new(), 8);
    let run = bench.starts(&fork(3));
    let append = |bench: &mut Bench, line: &str| {
        let command = Command::AppendLog { task: TaskNumber(3), line: line.to_owned() };
        let answers = bench.asks(Request::Run { run, command, wait: Wait::Durable });
        assert!(matches!(answers.as_slice(), [Answer::Granted(_)]), "{answers:?}");
    };
    for round in 0..21 {
        append(&mut bench, &format!("line {round}"));
        // Another run in between: this one leaves memory.
        bench.starts(&fork(1));
    }
    let lines: Vec<(u32, String)> = bench
        .rows(&ScanRange::TaskLogs { task: run.task(TaskNumber(3)) })
        .into_iter()
        .filter_map(|row| match row {
            Row::TaskLog(row) => Some((row.key.number, row.text)),
            _ => None,
        })
        .collect();
    let wanted: Vec<_> = (0..21).map(|round| (round + 1, format!("line {round}"))).collect();
    assert_eq!(lines, wanted);
}

/// Damage of any chunk, or a chunk of another version: the run is folded from its history, and the
/// next snapshot takes the place of the unreadable one.
#[test]
fn a_snapshot_that_cannot_be_read_is_ignored() {
    let mut bench = Bench::on(ModelStore::new(), 32);
    let run = bench.starts(&fork(40));
    let chunks = bench.rows(&ScanRange::Snapshot { run });
    assert!(chunks.len() >= 3);
    for (at, chunk) in chunks.iter().enumerate() {
        let Row::Snapshot(whole) = chunk else { panic!("a chunk: {chunk:?}") };
        let cut = whole.bytes.slice(..whole.bytes.len() - 1);
        let mut other = whole.bytes.to_vec();
        *other.first_mut().expect("a version") = 99;
        for bytes in [cut, Bytes::from(other), Bytes::new()] {
            let row = SnapshotRow { key: whole.key, bytes };
            write(&bench.store, vec![Write::Put(Row::Snapshot(row))]);
            assert!(bench.loads(run).is_unreadable, "chunk {at}");
            bench.assert_is_the_fold(run);
        }
        let key = RowKey::Snapshot(SnapshotKey { run, chunk: whole.key.chunk });
        write(&bench.store, vec![Write::Delete(key)]);
        // Without a head there is no snapshot.
        assert_eq!(bench.loads(run).is_unreadable, whole.key.chunk != 0);
        bench.assert_is_the_fold(run);
        write(&bench.store, vec![Write::Put(chunk.clone())]);
        assert!(!bench.loads(run).is_unreadable);
    }
    let head = SnapshotRow { key: SnapshotKey { run, chunk: 0 }, bytes: Bytes::from_static(b"?") };
    write(&bench.store, vec![Write::Put(Row::Snapshot(head))]);
    let mut bench = Bench::on(bench.store, 32);
    bench.completes(run, 2, &[]);
    let again = bench.assert_is_the_fold(run);
    assert!(!again.is_unreadable && again.written.last.0 > 0);
}

/// A run with something of everything that snapshots hold.
fn colourful(bench: &mut Bench) -> RunId {
    let run = bench.starts(&json!([
        { "name": "s", "taskReferenceName": "s", "type": "SET_VARIABLE",
          "inputParameters": { "n": 1 } },
        { "name": "f", "taskReferenceName": "f", "type": "FORK_JOIN", "forkTasks": [
            [{ "name": "t", "taskReferenceName": "a", "type": "SIMPLE" }],
            [{ "name": "t", "taskReferenceName": "b", "type": "SIMPLE", "optional": true,
               "taskDefinition": { "name": "t", "retryCount": 1, "retryDelaySeconds": 5,
                                   "pollTimeoutSeconds": 60 } }],
            [{ "name": "p", "taskReferenceName": "p", "type": "WAIT",
               "inputParameters": { "duration": "1 hours" } }],
            [{ "name": "q", "taskReferenceName": "q", "type": "HUMAN" }],
            [{ "name": "l", "taskReferenceName": "l", "type": "DO_WHILE",
               "loopCondition": "$.l.iteration < 3",
               "loopOver": [{ "name": "t", "taskReferenceName": "x", "type": "SIMPLE" }] }]
        ] },
        { "name": "j", "taskReferenceName": "j", "type": "JOIN", "joinOn": ["a", "b", "p", "l"] }
    ]));
    bench.completes(run, 3, &[]);
    let failed = Command::Update(Box::new(TaskUpdate {
        task: TaskNumber(4),
        status: ReportedStatus::Failed,
        output: Payload::from_value(&json!({ "why": "because" })),
        reason: Some("it does not work".to_owned()),
        worker: Some("worker-9".to_owned()),
        callback_after: Span::ZERO,
        logs: Vec::new(),
    }));
    bench.asks(Request::Run { run, command: failed, wait: Wait::Durable });
    run
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2).expect("two"), 16);
    (0..text.len()).step_by(2).map(|at| digit(at).expect("two hex digits")).collect()
}

/// Stored snapshots stay readable, or are of another version and ignored. The file is never
/// changed; a new version adds one.
#[test]
fn a_snapshot_of_version_1_is_read() {
    let mut bench = Bench::on(ModelStore::new(), 1);
    let run = colourful(&mut bench);
    let folded = bench.assert_is_the_fold(run).run;
    let chunks = bench.rows(&ScanRange::Snapshot { run });
    let lines: Vec<String> = chunks
        .iter()
        .map(|row| match row {
            Row::Snapshot(row) => format!("{} {}", row.key.chunk, hex(&row.bytes)),
            other => panic!("a chunk: {other:?}"),
        })
        .collect();
    let golden = include_str!("../../testdata/snapshot-v1.txt");
    let is_present = fermata_decider::run::snapshot::VERSION == 1;
    assert!(!is_present || golden == lines.join("\n") + "\n", "{}", lines.join("\n"));
    let chunks = chunks.iter().map(|row| Write::Delete(row.key()));
    write(&bench.store, chunks.collect());
    let stored = golden.lines().map(|line| {
        let (chunk, bytes) = line.split_once(' ').expect("chunk and bytes");
        let key = SnapshotKey { run, chunk: chunk.parse().expect("a number") };
        Write::Put(Row::Snapshot(SnapshotRow { key, bytes: Bytes::from(unhex(bytes)) }))
    });
    write(&bench.store, stored.collect());
    let loaded = bench.loads(run);
    assert_eq!(format!("{:?}", loaded.run), format!("{folded:?}"));
    assert_eq!(loaded.is_unreadable, !is_present);
}
