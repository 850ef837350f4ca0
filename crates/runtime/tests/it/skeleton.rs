//! What a task costs in memory, counted by the allocator: at most 100 bytes with all indexes, and
//! no allocation of its own (design 4). Bytes and counts, not times.

use std::sync::Arc;

use fermata_decider::definition::{StepId, Workflow, compile};
use fermata_decider::event::{Closed, Event, Origin, Scheduled};
use fermata_decider::{Run, apply};
use fermata_types::{
    EventNumber, Payload, RunId, ShardKey, Span, TaskNumber, TaskStatus, Timestamp,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_ms(1_000_000);
/// Design 4.
const BYTES_PER_TASK: u64 = 100;

fn definition(tasks: &Value) -> Arc<Workflow> {
    let text = json!({ "name": "w", "version": 1, "tasks": tasks }).to_string();
    Arc::new(compile(&text).expect("compiles"))
}

fn run(definition: &Arc<Workflow>) -> Run {
    Run::new(RunId::compose(NOW, ShardKey::wrapping(0), 1), definition.clone())
}

fn started(definition: &Workflow) -> Event {
    Event::RunStarted(Box::new(Origin {
        definition: definition.hash,
        input: Payload::empty_object(),
        correlation: None,
        priority: 0,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: NOW,
    }))
}

fn scheduled(
    number: u32,
    step: u32,
    (scope, iteration): (u32, u32),
    domain: Option<&str>,
) -> Event {
    Event::TaskScheduled(Box::new(Scheduled {
        number: TaskNumber(number),
        step: StepId(step),
        iteration,
        scope: TaskNumber(scope),
        retry_count: 0,
        replaces: TaskNumber(0),
        status: if domain.is_some() { TaskStatus::Scheduled } else { TaskStatus::InProgress },
        input: Payload::empty_object(),
        delay: Span::ZERO,
        domain: domain.map(str::to_owned),
        child: None,
        wait_until: None,
        reason: None,
        at: NOW,
    }))
}

/// A worker takes a task and completes it.
fn done(number: u32) -> [Event; 3] {
    let task = TaskNumber(number);
    let worker = Some(format!("worker-{}", number % 20));
    let closed = Closed {
        task,
        status: TaskStatus::Completed,
        output: Some(Payload::empty_object()),
        reason: None,
        worker: worker.clone(),
        at: NOW,
    };
    [
        Event::TaskLeased { task, worker, at: NOW },
        Event::TaskClosed(Box::new(closed)),
        Event::TaskSettled { task },
    ]
}

fn worker(name: &str) -> Value {
    json!({ "name": "t", "taskReferenceName": name, "type": "SIMPLE" })
}

/// Applies events, and says what they left in memory and how often they allocated.
fn cost(run: &mut Run, events: &[Event]) -> (i64, u64) {
    let spent = allocation_counter::measure(|| {
        for event in events {
            run.row = EventNumber(run.last.0 + 1);
            apply(run, event);
        }
    });
    (spent.bytes_current, spent.count_total)
}

fn assert_small(bytes: i64, tasks: u32) {
    let each = u64::try_from(bytes).expect("nothing was freed") / u64::from(tasks);
    assert!(each <= BYTES_PER_TASK, "{each} bytes a task");
}

#[test]
fn a_task_of_a_long_loop_costs_at_most_a_hundred_bytes() {
    const ITERATIONS: u32 = 100_000;
    let body = json!([worker("w")]);
    let definition = definition(&json!([{
        "name": "l", "taskReferenceName": "l", "type": "DO_WHILE",
        "loopCondition": "true", "loopOver": body
    }]));
    let mut run = run(&definition);
    let mut first = vec![started(&definition), scheduled(1, 0, (0, 0), None)];
    first.push(Event::LoopAdvanced { task: TaskNumber(1), iteration: 1, at: NOW });
    cost(&mut run, &first);
    let (mut bytes, mut counts) = (0, Vec::new());
    for hundred in 0..ITERATIONS / 100 {
        let mut events = Vec::new();
        for iteration in hundred * 100 + 1..=hundred * 100 + 100 {
            let number = iteration + 1;
            events.push(scheduled(number, 1, (1, iteration), Some("blue")));
            events.extend(done(number));
            let next = iteration + 1;
            events.push(Event::LoopAdvanced { task: TaskNumber(1), iteration: next, at: NOW });
        }
        let (left, count) = cost(&mut run, &events);
        bytes += left;
        counts.push(count);
    }
    assert_eq!(run.tasks.len(), ITERATIONS as usize + 1);
    assert_small(bytes, ITERATIONS);
    // Holders of the first twenty tasks apart, a hundred iterations make a page now and then, and
    // with it a longer list of pages and of places.
    let most = counts.iter().skip(1).max().copied().expect("many hundreds");
    assert!(most <= 100 / 2, "{most} allocations in a hundred iterations");
    let half = counts.len() / 2;
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    let (early, late) = (sum(counts.get(1..half).expect("many")), sum(&counts[half..]));
    assert!(late <= early + early / 10, "allocations: first half {early}, second half {late}");
}

#[test]
fn a_task_of_a_wide_fork_costs_at_most_a_hundred_bytes() {
    const BRANCHES: u32 = 4096;
    let branches: Vec<Value> = (0..BRANCHES).map(|at| json!([worker(&format!("w{at}"))])).collect();
    let names: Vec<String> = (0..BRANCHES).map(|at| format!("w{at}")).collect();
    let definition = definition(&json!([
        { "name": "f", "taskReferenceName": "f", "type": "FORK_JOIN", "forkTasks": branches },
        { "name": "j", "taskReferenceName": "j", "type": "JOIN", "joinOn": names }
    ]));
    let mut run = run(&definition);
    let mut first = vec![started(&definition), scheduled(1, 0, (0, 0), None)];
    let [_, closed, settled] = done(1);
    first.extend([closed, settled]);
    let (agenda, _) = cost(&mut run, &first);
    assert!(agenda > 0);
    let waiting: Vec<Event> =
        (0..BRANCHES).map(|at| scheduled(at + 2, at + 1, (0, 0), Some("blue"))).collect();
    let (open, _) = cost(&mut run, &waiting);
    assert_small(open, BRANCHES);
    let finished: Vec<Event> = (0..BRANCHES).flat_map(|at| done(at + 2)).collect();
    let (ended, _) = cost(&mut run, &finished);
    assert_small(open + ended.max(0), BRANCHES);
    assert_eq!(run.tasks.len(), BRANCHES as usize + 1);
}
