//! A run of one task, decided and folded.

use std::hint::black_box;
use std::sync::Arc;

use fermata_decider::command::{ReportedStatus, TaskUpdate};
use fermata_decider::definition::{Workflow, compile};
use fermata_decider::event::Origin;
use fermata_decider::run::{Advanced, Decision, Run};
use fermata_decider::{Command, Context, Event, advance, apply, decide};
use fermata_types::{Payload, RunEpoch, Span, TaskNumber};
use serde_json::json;

use super::Work;
use super::stub::{Bare, NOW, run_id};

const CONTEXT: Context<'static> = Context { now: NOW, fetched: &Bare };

/// One worker task.
fn workflow() -> Arc<Workflow> {
    let definition = json!({
        "name": "w", "version": 1, "schemaVersion": 2,
        "tasks": [{
            "name": "t", "taskReferenceName": "t", "type": "SIMPLE",
            "inputParameters": { "order": "${workflow.input.order}" },
        }],
    });
    Arc::new(compile(&definition.to_string()).expect("one worker task compiles"))
}

fn start(definition: &Workflow) -> Command {
    Command::Start(Box::new(Origin {
        definition: definition.hash,
        input: Payload::from_value(&json!({ "order": 4711 })),
        correlation: None,
        priority: 0,
        task_to_domain: Vec::new(),
        parent: None,
        created_by: None,
        idempotency_key: None,
        at: NOW,
    }))
}

fn lease() -> Command {
    let worker = Some("worker".to_owned());
    Command::Lease { task: TaskNumber(1), epoch: RunEpoch(1), worker }
}

fn result() -> Command {
    Command::Update(Box::new(TaskUpdate {
        task: TaskNumber(1),
        status: ReportedStatus::Completed,
        output: Payload::from_value(&json!({ "done": true })),
        reason: None,
        worker: Some("worker".to_owned()),
        callback_after: Span::from_seconds(0),
        logs: Vec::new(),
    }))
}

/// A command's events and all that follows from them, applied to the run.
fn carry_out(run: &mut Run, command: &Command, happened: &mut Vec<Event>) {
    let Decision::Accepted { events, .. } = decide(run, command, CONTEXT) else {
        panic!("the run of the small benches refuses {command:?}");
    };
    take(run, events, happened);
    while let Advanced::Step(step) = advance(run, CONTEXT) {
        take(run, step.events, happened);
    }
}

fn take(run: &mut Run, events: Vec<Event>, happened: &mut Vec<Event>) {
    run.row = run.last.next();
    for event in events {
        apply(run, &event);
        happened.push(event);
    }
}

/// A run with its one task leased.
fn leased() -> Run {
    let definition = workflow();
    let mut run = Run::new(run_id(1), definition.clone());
    let mut happened = Vec::new();
    carry_out(&mut run, &start(&definition), &mut happened);
    carry_out(&mut run, &lease(), &mut happened);
    run
}

/// All that happens to a run of one task.
pub(super) fn life() -> (Arc<Workflow>, Vec<Event>) {
    let definition = workflow();
    let mut run = Run::new(run_id(1), definition.clone());
    let mut happened = Vec::new();
    carry_out(&mut run, &start(&definition), &mut happened);
    carry_out(&mut run, &lease(), &mut happened);
    carry_out(&mut run, &result(), &mut happened);
    assert!(run.status.is_terminal(), "a run of one task ends with it");
    (definition, happened)
}

pub(super) fn decide_result() -> Work {
    let (run, result) = (leased(), result());
    Box::new(move || match decide(black_box(&run), black_box(&result), CONTEXT) {
        Decision::Accepted { events, .. } => events.len() as u64,
        _ => 0,
    })
}

pub(super) fn advance_to_end() -> Work {
    let (run, result) = (leased(), result());
    Box::new(move || {
        let mut happened = Vec::new();
        let mut copy = black_box(&run).clone();
        carry_out(&mut copy, &result, &mut happened);
        happened.len() as u64
    })
}

pub(super) fn apply_life() -> Work {
    let (definition, happened) = life();
    Box::new(move || {
        let mut run = Run::new(run_id(1), definition.clone());
        for event in black_box(&happened) {
            apply(&mut run, event);
        }
        run.last.0
    })
}
