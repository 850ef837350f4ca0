//! A loop of 100,000 iterations in one shard: what a turn allocates and writes is the same at the
//! end as at the beginning; and with `keepLastN` what the run holds is, too. Counts, not times.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_decider::event::Origin;
use fermata_runtime::ids::Salt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::PollBook;
use fermata_runtime::shard::machine::Shared;
use fermata_runtime::shard::map::ShardMap;
use fermata_runtime::shard::request::Start;
use fermata_runtime::shard::{Machine, MachineConfig, Request, Token};
use fermata_storage::{ModelStore, Row, ScanRange, Store, Write};
use fermata_types::{Payload, RunStatus, ShardEpoch, ShardId, ShardKey, Timestamp, limits};
use serde_json::{Value, json};

const ITERATIONS: u32 = 100_000;
const NOW: Timestamp = Timestamp::from_ms(1_000_000);

struct Zero;
impl Salt for Zero {
    fn draw(&self) -> u32 {
        0
    }
}

fn machine() -> Machine {
    let shared = Shared {
        // Small and full from the start: a growing cache would count as growth.
        payloads: PayloadCache::new(1 << 20),
        metadata: Arc::new(Metadata::load(&ModelStore::new()).expect("readable")),
        map: ShardMap::dealt(1),
        salt: Arc::new(Zero),
        polls: PollBook::default(),
        permits: Arc::default(),
        environment: BTreeMap::new(),
        payload_limits: fermata_types::PayloadLimits::default(),
        space: fermata_runtime::space::Space::default(),
        metrics: Metrics::default(),
        mutation: Mutation::default(),
    };
    let (shard, epoch) = (ShardId(0), ShardEpoch(1));
    let config = MachineConfig { shard, epoch, cached_runs: 8, deadlines: 8, snapshot_events: 256 };
    Machine::new(config, Arc::new(shared))
}

fn start() -> Start {
    start_of(&json!({}))
}

/// A start of the loop, with more fields in its step.
fn start_of(more: &Value) -> Start {
    let condition = format!("$.l.iteration < {ITERATIONS}");
    let mut definition = json!({"name": "loop", "version": 1, "tasks": [
        {"name": "l", "taskReferenceName": "l", "type": "DO_WHILE", "loopCondition": condition,
         "loopOver": [{"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
                       "inputParameters": {"n": "${l.output.iteration}"}}]}]});
    for (field, value) in more.as_object().into_iter().flatten() {
        let step = definition.pointer_mut("/tasks/0").and_then(Value::as_object_mut);
        step.expect("a step").insert(field.clone(), value.clone());
    }
    let definition = fermata_decider::definition::compile(&definition.to_string());
    let definition = Arc::new(definition.expect("compiles"));
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
    Start { definition, origin, shard_key: ShardKey::wrapping(0), idempotency: None }
}

/// What one batch of turns cost.
struct Cost {
    iterations: u64,
    allocations: u64,
    rows: u64,
    history_rows: u64,
}

fn last_iteration(machine: &Machine) -> u64 {
    let tasks = machine.runs_in_memory().next().map_or(0, |run| run.tasks.len());
    (tasks as u64).saturating_sub(1)
}

/// Goes on until the batch closes: one turn, since a run that goes on ends the round.
fn one_batch(machine: &mut Machine) -> Option<Cost> {
    let before = last_iteration(machine);
    let mut staged = None;
    let spent = allocation_counter::measure(|| {
        machine.run_internal(NOW);
        while machine.poll_output().is_some() {}
        staged = machine.take_batch();
    });
    let staged = staged?;
    let is_history = |write: &&Write| matches!(write, Write::Put(Row::History(_)));
    let cost = Cost {
        iterations: last_iteration(machine) - before,
        allocations: spent.count_total,
        rows: staged.batch.writes.len() as u64,
        history_rows: staged.batch.writes.iter().filter(is_history).count() as u64,
    };
    machine.handle_committed(staged.number);
    Some(cost)
}

#[test]
fn a_turn_costs_the_same_at_the_end_as_at_the_beginning() {
    let mut machine = machine();
    machine.handle_request(Token(1), Request::Start(Box::new(start())), NOW);
    let mut costs = Vec::new();
    while let Some(cost) = one_batch(&mut machine) {
        costs.push(cost);
    }
    let run = machine.runs_in_memory().next().expect("still in memory");
    assert_eq!((run.status, run.tasks.len()), (RunStatus::Completed, ITERATIONS as usize + 1));

    // The first batch holds the start, the last one the end.
    let inner = costs.get(1..costs.len() - 1).expect("many batches");
    assert!(inner.len() > 20, "{} batches", inner.len());
    for cost in inner {
        assert_eq!(cost.rows, cost.history_rows, "a turn writes one row of history, nothing else");
        assert_eq!(cost.rows, 1, "turns of a batch");
    }
    let each = |costs: &[Cost]| {
        let (allocations, iterations) =
            costs.iter().fold((0, 0), |(a, i), cost| (a + cost.allocations, i + cost.iterations));
        (allocations * 100) / iterations.max(1)
    };
    let (early, late) = inner.split_at(inner.len() / 2);
    let (early, late) = (each(early), each(late));
    let is_flat = late <= early + early / 50;
    assert!(is_flat, "allocations of 100 iterations: first half {early}, second half {late}");
}

/// Bytes that are still held of what one batch of turns allocated, and tasks in memory after it.
fn grown_by_one_batch(machine: &mut Machine) -> Option<(i64, usize)> {
    let mut is_over = false;
    let spent = allocation_counter::measure(|| {
        machine.run_internal(NOW);
        while machine.poll_output().is_some() {}
        match machine.take_batch() {
            Some(staged) => {
                let number = staged.number;
                drop(staged);
                machine.handle_committed(number);
            }
            None => is_over = true,
        }
    });
    let tasks = machine.runs_in_memory().next().map_or(0, |run| run.tasks.len());
    (!is_over).then_some((spent.bytes_current, tasks))
}

#[test]
fn a_loop_that_keeps_its_last_iterations_stays_as_small_as_it_was() {
    let keep = json!({"inputParameters": {"keepLastN": 3}});
    let mut machine = machine();
    machine.handle_request(Token(1), Request::Start(Box::new(start_of(&keep))), NOW);
    let mut grown = Vec::new();
    while let Some((bytes, tasks)) = grown_by_one_batch(&mut machine) {
        assert!(tasks <= 1 + 4, "{tasks} tasks in memory");
        grown.push(bytes);
    }
    let run = machine.runs_in_memory().next().expect("still in memory");
    assert_eq!((run.status, run.tasks.len()), (RunStatus::Completed, 4));
    assert_eq!(run.tasks.made(), ITERATIONS + 1);
    assert_eq!(
        (run.in_loops.len(), run.tasks.first().map(|task| task.loop_iteration())),
        (3, Some(ITERATIONS))
    );

    // The first batches fill the bounded cache; after them nothing may be added.
    let (_, settled) = grown.split_at(grown.len() / 4);
    let sum: i64 = settled.iter().sum();
    assert!(settled.len() > 20, "{} batches", grown.len());
    assert!(sum < 64 << 10, "{sum} bytes more after {} batches", settled.len());
}

/// Payloads of dropped iterations that are too large for history have rows, and these go.
#[test]
fn rows_of_dropped_iterations_go() {
    let large = "x".repeat(limits::PAYLOAD_INLINE_MAX);
    let body = json!([{"name": "w", "taskReferenceName": "w", "type": "WAIT",
                       "inputParameters": {"large": large, "duration": "1 s"}}]);
    let more = json!({"loopOver": body, "loopCondition": "$.l.iteration < 20",
                      "inputParameters": {"keepLastN": 2}});
    let store = ModelStore::new();
    let mut machine = machine();
    machine.handle_request(Token(1), Request::Start(Box::new(start_of(&more))), NOW);
    let mut now = NOW;
    let mut most = 0;
    loop {
        machine.run_internal(now);
        while machine.poll_output().is_some() {}
        while let Some(staged) = machine.take_batch() {
            store.commit(&[staged.batch]).expect("committed");
            machine.handle_committed(staged.number);
        }
        let id = machine.runs_in_memory().next().expect("one run").id;
        let page = store.scan(&ScanRange::Payloads { run: id }, None, 100).expect("readable");
        most = most.max(page.rows.len());
        let Some(due) = machine.poll_deadline() else { break };
        now = now.max(due);
        machine.handle_deadline(now);
    }
    let run = machine.runs_in_memory().next().expect("still in memory");
    assert_eq!((run.status, run.tasks.made()), (RunStatus::Completed, 21));
    assert_eq!(most, 2, "rows of the kept iterations");
}

/// Over a list: every item has its iteration, and none costs more than another.
#[test]
fn a_loop_over_a_list() {
    const ITEMS: u32 = 1_000;
    let list: Vec<u32> = (0..ITEMS).collect();
    let more = json!({"loopCondition": "", "inputParameters": {"_items": list, "keepLastN": 1}});
    let mut machine = machine();
    machine.handle_request(Token(1), Request::Start(Box::new(start_of(&more))), NOW);
    let mut rows = 0;
    while let Some(cost) = one_batch(&mut machine) {
        rows += cost.history_rows;
    }
    let run = machine.runs_in_memory().next().expect("still in memory");
    assert_eq!((run.status, run.tasks.len()), (RunStatus::Completed, 2));
    assert_eq!(run.tasks.made(), ITEMS + 1);
    assert!(rows > 20 && rows < 60, "{rows} turns of 200 events");
}
