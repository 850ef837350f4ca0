//! A loop of 100,000 iterations in one shard: what a turn allocates and writes is the same at the
//! end as at the beginning. Counts, not times.

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
use fermata_runtime::shard::request::Start;
use fermata_runtime::shard::{Machine, MachineConfig, Request, Token};
use fermata_storage::{ModelStore, Row, Write};
use fermata_types::{Payload, RunStatus, ShardEpoch, ShardId, ShardKey, Timestamp};
use serde_json::json;

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
        salt: Arc::new(Zero),
        polls: PollBook::default(),
        permits: Arc::default(),
        environment: BTreeMap::new(),
        metrics: Metrics::default(),
        mutation: Mutation::default(),
    };
    let config =
        MachineConfig { shard: ShardId(0), epoch: ShardEpoch(1), cached_runs: 8, deadlines: 8 };
    Machine::new(config, Arc::new(shared))
}

fn start() -> Start {
    let condition = format!("$.l.iteration < {ITERATIONS}");
    let definition = json!({"name": "loop", "version": 1, "tasks": [
        {"name": "l", "taskReferenceName": "l", "type": "DO_WHILE", "loopCondition": condition,
         "loopOver": [{"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
                       "inputParameters": {"n": "${l.output.iteration}"}}]}]});
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

/// Goes on until the batch closes; one batch holds up to 64 turns.
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
        assert_eq!(cost.rows, 64, "turns of a batch");
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
