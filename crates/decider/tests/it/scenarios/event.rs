//! EVENT and event handlers (`conductor-semantics` 5.17 and 9; quirk 38 fixed).

use fermata_decider::definition::handler::Handler;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{once, simple, step_with, with};
use crate::bench::{Bench, Catalog, given_with};

fn event(sink: &str, input: Value) -> Value {
    let step = with(step_with("EVENT", "e", input), json!({ "sink": sink }));
    with(step, json!({ "retryCount": 0 }))
}

fn given(step: Value) -> Bench {
    let other = json!({ "name": "other", "tasks": [once("x")], "inputTemplate": { "more": 1 } });
    let waits = json!({ "name": "HUMAN", "taskReferenceName": "h", "type": "HUMAN" });
    let catalog = Catalog::default().workflow(other);
    given_with(json!({ "name": "w", "tasks": [step, waits, simple("z")] }), catalog)
}

fn starts(event: &str, more: Value) -> Value {
    let start = json!({ "name": "other", "correlationId": "${who}",
        "input": { "n": "${n}", "first": "${$.list[0]}", "text": "n is ${n}, ${nothing}" } });
    let action = json!({ "action": "start_workflow", "start_workflow": start });
    let handler = json!({ "name": "starts", "event": event, "active": true, "actions": [action] });
    with(handler, more)
}

fn input() -> Value {
    json!({ "n": "${workflow.input.n}", "who": "me", "list": [7] })
}

#[test]
fn each_form_of_sink() {
    let sinks = [
        "conductor",
        "conductor:x",
        "conductor:${workflow.input.n}",
        "conductors",
        "",
        "x",
        "${workflow.input.kafka}",
    ];
    let outcomes: Vec<String> = sinks
        .into_iter()
        .map(|sink| {
            let bench = given(event(sink, json!({})));
            format!("{sink}\n{}", bench.start(json!({ "n": 5, "kafka": "kafka:t" })).outcome())
        })
        .collect();
    assert_snapshot!(outcomes.join("\n"));
}

#[test]
fn a_handler_starts_a_run() {
    let bench = given(event("conductor:x", input())).handler(starts("conductor:w:x", json!({})));
    assert_snapshot!(bench.start(json!({ "n": 5 })).text());
}

#[test]
fn only_handlers_of_that_event_whose_condition_holds_act() {
    let on = |condition: &str, more: Value| {
        let handler = with(starts("conductor:w:x", json!({ "condition": condition })), more);
        let bench = given(event("conductor:x", input())).handler(handler);
        bench.start(json!({ "n": 5 })).runs.len() - 1
    };
    assert_eq!(on("$.n > 4", json!({})), 1);
    assert_eq!(on("$.n > 5", json!({})), 0);
    assert_eq!(on("n", json!({ "evaluatorType": "value-param" })), 1);
    assert_eq!(on("who", json!({ "evaluatorType": "value-param" })), 0);
    assert_eq!(on("(function () { throw 1; })()", json!({})), 0, "what fails does not hold");
    assert_eq!(on("$.n > 4", json!({ "event": "conductor:w:y" })), 0);
}

#[test]
fn handlers_complete_and_fail_tasks() {
    for action in ["complete_task", "fail_task"] {
        let details = json!({ "workflowId": "${workflowInstanceId}", "taskRefName": "h",
            "output": { "n": "${n}" }, "reasonForIncompletion": "so it is" });
        let handler = json!({ "name": "f", "event": "conductor:w:x", "active": true,
            "actions": [{ "action": action, action: details }] });
        // The task has to be there when the event comes: a child of the same run publishes.
        let publishes = json!({ "name": "c", "tasks": [event("conductor:x", input())] });
        let fork = json!({ "name": "f", "taskReferenceName": "f", "type": "FORK_JOIN",
            "forkTasks": [[{ "name": "h", "taskReferenceName": "h", "type": "HUMAN" }],
                [once("first"), event("conductor:x", input())]] });
        let join = json!({ "name": "j", "taskReferenceName": "j", "type": "JOIN",
            "joinOn": ["h", "e"] });
        let catalog = Catalog::default().workflow(publishes);
        let definition = json!({ "name": "w", "tasks": [fork, join] });
        let mut bench = given_with(definition, catalog).handler(handler).start(json!({ "n": 5 }));
        bench.worker("first").completes(json!({}));
        assert_snapshot!(action, bench.outcome());
    }
}

#[test]
fn what_a_handler_cannot_do_changes_nothing() {
    let missing = json!({ "workflowId": "no id", "taskRefName": "h" });
    let nobody = json!({ "name": "nobody" });
    let actions = json!([
        { "action": "complete_task", "complete_task": missing },
        { "action": "start_workflow", "start_workflow": nobody },
        { "action": "terminate_workflow", "terminate_workflow": { "workflowId": "x" } },
        { "action": "update_workflow_variables" },
    ]);
    let handler =
        json!({ "name": "f", "event": "conductor:w:x", "active": true, "actions": actions });
    let bench = given(event("conductor:x", json!({}))).handler(handler).start(json!({}));
    assert_eq!(bench.runs.len(), 1);
    assert_snapshot!(bench.outcome());
}

#[test]
fn texts_that_are_json_are_expanded_if_wanted() {
    let start = json!({ "name": "other", "input": { "deep": "${text.a}" } });
    let action = json!({ "action": "start_workflow", "start_workflow": start,
        "expandInlineJSON": true });
    let handler =
        json!({ "name": "f", "event": "conductor:w:x", "active": true, "actions": [action] });
    let text = json!({ "text": "{\"a\": [1]}" });
    let bench = given(event("conductor:x", text)).handler(handler).start(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn someone_else_completes_it_and_it_is_published_once() {
    let step = with(event("conductor:x", input()), json!({ "asyncComplete": true }));
    let bench = given(step).handler(starts("conductor:w:x", json!({})));
    let mut bench = bench.start(json!({ "n": 5 }));
    assert_eq!(bench.runs.len(), 2);
    bench.pause();
    bench.resume();
    assert_eq!(bench.runs.len(), 2);
    bench.worker("e").completes(json!({ "done": true }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn handlers_that_cannot_be_read() {
    let action = json!({ "action": "complete_task" });
    let broken = [
        json!([]),
        json!({}),
        json!({ "name": "h" }),
        json!({ "name": "h", "event": "conductor:x" }),
        json!({ "name": "h", "event": "conductor:x", "actions": [] }),
        json!({ "name": "h", "event": "kafka:topic", "actions": [action] }),
        json!({ "name": "h", "event": "conductor:x", "actions": ["no"] }),
        json!({ "name": "h", "event": "conductor:x", "actions": [{}] }),
        json!({ "name": "h", "event": "conductor:x", "actions": [{ "action": "dance" }] }),
        json!({ "name": "h", "event": "conductor:x", "actions": [{ "action": "start_agent" }] }),
        json!({ "name": "h", "event": "conductor:x", "actions": [{ "action": "start_workflow" }] }),
        json!({ "name": "h", "event": "conductor:x", "actions":
            [{ "action": "start_workflow", "start_workflow": { "name": "w", "version": "x" } }] }),
        json!({ "name": "h", "event": "conductor:x", "actions":
            [{ "action": "fail_task", "fail_task": 3 }] }),
    ];
    let faults: Vec<String> = broken
        .iter()
        .map(|handler| Handler::read(handler).expect_err("it is broken").to_string())
        .collect();
    assert_snapshot!(faults.join("\n"));
}
