//! A dynamic fork of 100,000 branches in one shard: what a branch costs, made or completed, is the
//! same at the end as at the beginning. Counts, not times.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_decider::event::Origin;
use fermata_decider::{Command, Event, Run, apply};
use fermata_runtime::codec;
use fermata_runtime::ids::Salt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::PollBook;
use fermata_runtime::shard::machine::Shared;
use fermata_runtime::shard::request::{Start, Wait};
use fermata_runtime::shard::{Machine, MachineConfig, Request, Token};
use fermata_storage::{ModelStore, Row, Write};
use fermata_types::{
    Payload, RunId, RunStatus, ShardEpoch, ShardId, ShardKey, Span, TaskNumber, Timestamp,
};
use serde_json::json;

const BRANCHES: u32 = 100_000;
const NOW: Timestamp = Timestamp::from_ms(1_000_000);

struct Zero;
impl Salt for Zero {
    fn draw(&self) -> u32 {
        0
    }
}

fn machine() -> Machine {
    let shared = Shared {
        payload_limits: fermata_types::PayloadLimits::default(),
        space: fermata_runtime::space::Space::default(),
        // Nothing is read again: there is no store behind this machine.
        payloads: PayloadCache::default(),
        metadata: Arc::new(Metadata::load(&ModelStore::new()).expect("readable")),
        map: fermata_runtime::shard::map::ShardMap::dealt(1),
        salt: Arc::new(Zero),
        polls: PollBook::default(),
        permits: Arc::default(),
        environment: BTreeMap::new(),
        metrics: Metrics::default(),
        mutation: Mutation::default(),
    };
    let config = MachineConfig {
        shard: ShardId(0),
        epoch: ShardEpoch(1),
        cached_runs: 8,
        deadlines: 8,
        snapshot_events: u64::MAX,
    };
    Machine::new(config, Arc::new(shared))
}

/// A fork over the start input's list, then a task that reads one branch's output.
fn start() -> Start {
    let definition = json!({"name": "wide", "version": 1, "tasks": [
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN_DYNAMIC",
         "inputParameters": {"forkTaskName": "w", "forkTaskInputs": "${workflow.input.list}"}},
        {"name": "j", "taskReferenceName": "j", "type": "JOIN"},
        {"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE",
         "inputParameters": {"one": "${j.output._w_77777.n}", "same": "${_w_77777.output.n}"}}]});
    let definition = fermata_decider::definition::compile(&definition.to_string());
    let definition = Arc::new(definition.expect("compiles"));
    let list: Vec<u32> = (0..BRANCHES).collect();
    let origin = Origin {
        definition: definition.hash,
        input: Payload::from_value(&json!({ "list": list })),
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

/// What some branches cost.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    branches: u64,
    allocations: u64,
    rows: u64,
}

fn run(machine: &Machine) -> &Run {
    machine.runs_in_memory().next().expect("the only run")
}

/// Does something and commits what comes of it; answers its cost and the rows.
fn measured(machine: &mut Machine, act: impl FnOnce(&mut Machine)) -> (Cost, Vec<Write>) {
    let before = machine.runs_in_memory().next().map_or(0, |run| run.tasks.len());
    let mut staged = None;
    let spent = allocation_counter::measure(|| {
        act(machine);
        while machine.poll_output().is_some() {}
        staged = machine.take_batch();
    });
    let writes = staged.map(|staged| {
        machine.handle_committed(staged.number);
        staged.batch.writes
    });
    let writes = writes.unwrap_or_default();
    while machine.poll_output().is_some() {}
    let branches = (run(machine).tasks.len() - before) as u64;
    let cost = Cost { branches, allocations: spent.count_total, rows: writes.len() as u64 };
    (cost, writes)
}

/// Allocations and rows of a hundred branches.
fn each(costs: &[Cost]) -> (u64, u64) {
    let sum = costs.iter().fold(Cost::default(), |sum, cost| Cost {
        branches: sum.branches + cost.branches,
        allocations: sum.allocations + cost.allocations,
        rows: sum.rows + cost.rows,
    });
    (sum.allocations * 100 / sum.branches.max(1), sum.rows * 100 / sum.branches.max(1))
}

fn is_flat(what: &str, costs: &[Cost]) {
    let (early, late) = costs.split_at(costs.len() / 2);
    let (early, late) = (each(early), each(late));
    let is_flat = late.0 <= early.0 + early.0 / 20 && late.1 <= early.1 + 1;
    assert!(is_flat, "{what}: allocations and rows of 100 branches: {early:?}, then {late:?}");
}

fn completed(task: TaskNumber) -> Command {
    Command::Update(Box::new(TaskUpdate {
        task,
        status: ReportedStatus::Completed,
        output: Payload::from_value(&json!({ "n": task.0 })),
        reason: None,
        worker: None,
        callback_after: Span::ZERO,
        logs: Vec::new(),
    }))
}

fn make(machine: &mut Machine) -> Vec<Write> {
    let (_, mut first) = measured(machine, |machine| {
        machine.handle_request(Token(1), Request::Start(Box::new(start())), NOW);
    });
    let mut costs = Vec::new();
    while machine.has_internal_work() {
        let (cost, writes) = measured(machine, |machine| machine.run_internal(NOW));
        if costs.is_empty() {
            first.extend(writes);
        }
        costs.push(cost);
    }
    assert_eq!(run(machine).tasks.len(), BRANCHES as usize + 2, "the fork, its branches, the join");
    let inner = costs.get(1..costs.len() - 1).expect("many turns");
    assert!(inner.len() >= 4, "{} batches", inner.len());
    for cost in inner {
        // A row of each queued task, and of each turn's history.
        assert_eq!(cost.rows, cost.branches + cost.branches.div_ceil(200), "{cost:?}");
    }
    is_flat("making", inner);
    first
}

/// Bytes of state that the plan of the branches takes, beside the tasks themselves.
fn plan_bytes(machine: &Machine, id: RunId, writes: &[Write]) -> u64 {
    let mut state = Run::new(id, run(machine).definition.clone());
    for write in writes {
        let Write::Put(Row::History(row)) = write else { continue };
        state.row = row.key.first;
        for (_, event) in codec::decode(row).expect("written just now") {
            let is_plan = matches!(event, Event::BranchesPlanned(_));
            let spent = allocation_counter::measure(|| apply(&mut state, &event));
            if is_plan {
                return u64::try_from(spent.bytes_current).expect("it keeps something");
            }
        }
    }
    panic!("no plan in the first rows");
}

#[test]
fn a_branch_costs_the_same_at_the_end_as_at_the_beginning() {
    let mut machine = machine();
    let first = make(&mut machine);
    let id = run(&machine).id;
    let bytes = plan_bytes(&machine, id, &first) / u64::from(BRANCHES);
    assert!(bytes <= 16, "{bytes} bytes of state for a branch beside its task");

    let mut costs = Vec::new();
    for thousand in 0..BRANCHES / 1000 {
        let (mut cost, _) = measured(&mut machine, |machine| {
            for task in 0..1000 {
                // The FORK is the first task.
                let task = TaskNumber(thousand * 1000 + task + 2);
                let (command, wait) = (completed(task), Wait::Quiet);
                machine.handle_request(Token(2), Request::Run { run: id, command, wait }, NOW);
            }
        });
        cost.branches = 1000;
        costs.push(cost);
    }
    is_flat("completing", costs.get(1..costs.len() - 1).expect("a hundred"));
    while machine.has_internal_work() {
        measured(&mut machine, |machine| machine.run_internal(NOW));
    }
    let run = run(&machine);
    assert_eq!(run.status, RunStatus::Completed, "{:?}", run.reason);
    // Task numbers begin with the fork's.
    let values = run.variables.iter().map(|(name, value)| (name.as_str(), value.to_value()));
    let expected = [("one", json!(77_779)), ("same", json!(77_779))];
    assert_eq!(values.collect::<Vec<_>>(), expected);
}
