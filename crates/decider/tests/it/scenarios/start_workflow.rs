//! START_WORKFLOW (`conductor-semantics` 5.12 and 11 M11).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{once, simple, step_with, with};
use crate::bench::{Bench, Catalog, given_with};

fn other() -> Value {
    json!({ "name": "other", "version": 3, "tasks": [once("x")], "inputTemplate": { "more": 1 } })
}

fn given(request: Value) -> Bench {
    let request = with(
        step_with("START_WORKFLOW", "s", json!({ "startWorkflow": request })),
        json!({ "retryCount": 0 }),
    );
    let catalog = Catalog::default().workflow(other());
    given_with(json!({ "name": "w", "tasks": [request, simple("z")] }), catalog)
}

fn start(request: Value) -> Bench {
    given(request).start(json!({ "v": 5 }))
}

#[test]
fn the_run_is_on_its_own_and_the_task_completes() {
    let mut bench = start(json!({ "name": "other", "input": { "v": "${workflow.input.v}" } }));
    assert!(bench.driven(1).run.parent.is_none());
    bench.worker_in(1, "x").fails("no");
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn what_the_request_names_wins_over_what_is_inherited() {
    let request = json!({ "name": "other", "version": 3, "correlationId": "mine", "priority": 7,
        "createdBy": "me", "taskToDomain": { "x": "blue" } });
    assert_snapshot!(given(request).domains(&[("x", "red")]).start(json!({})).text());
    let inherited = given(json!({ "name": "other" })).domains(&[("x", "red")]).start(json!({}));
    assert_snapshot!("inherited", inherited.text());
}

#[test]
fn a_definition_given_inline() {
    let inline = json!({ "name": "inline", "version": 1, "tasks": [simple("y")] });
    assert_snapshot!(start(json!({ "name": "any", "workflowDef": inline })).outcome());
}

#[test]
fn a_key_leaves_the_id_to_the_shard_that_has_it() {
    let request = json!({ "name": "other", "idempotencyKey": "k",
        "idempotencyStrategy": "RETURN_EXISTING" });
    assert_snapshot!(start(request).text());
}

#[test]
fn what_cannot_be_started_fails_the_task() {
    let broken = [
        json!(null),
        json!("other"),
        json!({}),
        json!({ "name": "nobody" }),
        json!({ "name": "other", "version": 0 }),
        json!({ "name": "other", "version": "two" }),
        json!({ "name": "other", "input": null }),
        json!({ "name": "other", "input": [] }),
        json!({ "name": "other", "priority": 100 }),
        json!({ "name": "other", "priority": -1 }),
        json!({ "name": "other", "taskToDomain": { "x": 1 } }),
        json!({ "name": "other", "correlationId": {} }),
        json!({ "name": "other", "workflowDef": "w" }),
        json!({ "name": "other", "idempotencyKey": "k", "idempotencyStrategy": "MAYBE" }),
    ];
    let outcomes: Vec<String> = broken
        .into_iter()
        .map(|request| {
            let bench = start(request.clone());
            assert_eq!(bench.runs.len(), 1, "nothing was started: {request}");
            format!("{request}\n{}", bench.outcome())
        })
        .collect();
    assert_snapshot!(outcomes.join("\n"));
}

#[test]
fn it_waits_until_the_start_is_durable() {
    let mut bench = given(json!({ "name": "other" })).cut_off().start(json!({}));
    assert_snapshot!("on_its_way", bench.outcome());
    bench.starts_arrive();
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_run_that_ended_meanwhile_hears_nothing_of_it() {
    let mut bench = given(json!({ "name": "other" })).cut_off().start(json!({}));
    bench.terminate("enough");
    bench.starts_arrive();
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_task_may_be_completed_by_someone_else_meanwhile() {
    let mut bench = given(json!({ "name": "other" })).cut_off().start(json!({}));
    bench.worker("s").completes(json!({ "by": "hand" }));
    bench.starts_arrive();
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_start_delay_holds_the_request() {
    let request = with(
        step_with("START_WORKFLOW", "s", json!({ "startWorkflow": { "name": "other" } })),
        json!({ "startDelay": 30 }),
    );
    let catalog = Catalog::default().workflow(other());
    let mut bench =
        given_with(json!({ "name": "w", "tasks": [request] }), catalog).start(json!({}));
    bench.wait(29);
    assert_eq!(bench.runs.len(), 1, "not before the delay");
    bench.wait(1);
    assert_snapshot!(bench.text());
}

#[test]
fn a_failed_request_is_made_again_after_its_delay() {
    let request = with(
        step_with("START_WORKFLOW", "s", json!({ "startWorkflow": { "name": "nobody" } })),
        json!({ "retryCount": 1 }),
    );
    let definition = json!({ "name": "w", "tasks": [request] });
    let mut bench = given_with(definition, Catalog::default()).start(json!({}));
    bench.wait(60);
    assert_snapshot!(bench.outcome());
}
