//! DO_WHILE over a list (`conductor-semantics` 5.9 and 11 G13).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    for_each, inline, keep_last, repeat, set, simple, step_with, sub_workflow, with,
};
use crate::bench::{Bench, Catalog, given, given_with};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({ "list": [{ "id": 1 }, null, "three"], "none": [], "one": 7 }))
}

fn worker() -> Value {
    let input = json!({ "item": "${l.output.loopItem}", "index": "${l.output.loopIndex}" });
    step_with("SIMPLE", "a", input)
}

#[test]
fn an_iteration_for_each_item() {
    let z =
        step_with("SIMPLE", "z", json!({ "last": "${l.output.loopItem}", "all": "${l.output}" }));
    let mut bench = start(json!([for_each("l", "${workflow.input.list}", json!([worker()])), z]));
    for n in 1..=3 {
        bench.worker("a").completes(json!({ "n": n }));
    }
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn none_for_an_empty_list_or_nothing() {
    for list in ["${workflow.input.none}", "${workflow.input.missing}"] {
        let bench = start(json!([for_each("l", list, json!([worker()]))]));
        assert_snapshot!("empty", bench.outcome());
    }
}

#[test]
fn one_for_a_scalar() {
    let mut bench = start(json!([for_each("l", "${workflow.input.one}", json!([worker()]))]));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_input_items_is_a_list_too() {
    let l = with(
        repeat("l", "", json!([worker()])),
        json!({ "inputParameters": { "_items": "${workflow.input.list}" } }),
    );
    let mut bench = start(json!([l]));
    for _ in 0..3 {
        bench.worker("a").completes(json!({}));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_condition_may_stop_before_the_end_and_sees_the_item() {
    let l = |condition: &str| {
        let more = json!({ "items": "${workflow.input.list}" });
        with(repeat("l", condition, json!([worker()])), more)
    };
    for condition in ["$.loopIndex < 1", "$.loopItem != null", "$.a.more"] {
        let mut bench = start(json!([l(condition)]));
        bench.worker("a").completes(json!({ "more": true }));
        bench.worker("a").completes(json!({ "more": false }));
        assert_eq!(bench.root().status.as_str(), "COMPLETED", "{condition}");
    }
}

#[test]
fn the_list_is_looked_at_anew_each_time() {
    let list = "${workflow.variables.list}";
    let body = json!([set("s", json!({ "list": ["a", "b", "${l.output.loopItem}"] }))]);
    let tasks = json!([set("first", json!({ "list": ["x", "y"] })), for_each("l", list, body)]);
    assert_snapshot!(start(tasks).outcome());
}

#[test]
fn over_a_list_in_a_loop_over_a_list() {
    let inner =
        for_each("in", "${out.output.loopItem}", json!([inline("i", "${in.output.loopItem}")]));
    let bench = given(json!([for_each("out", "${workflow.input.rows}", json!([inner]))]))
        .start(json!({ "rows": [[1, 2], [], [3]] }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_sub_workflow_for_each_item_and_only_the_last_is_kept() {
    let catalog = Catalog::default().workflow(json!({ "name": "c", "tasks": [simple("x")] }));
    let body = json!([with(
        sub_workflow("s", "c"),
        json!({ "inputParameters": { "it": "${l.output.loopItem}" } })
    )]);
    let l = keep_last(for_each("l", "${workflow.input.list}", body), 1);
    let definition = json!({ "name": "w", "tasks": [l] });
    let mut bench = given_with(definition, catalog).start(json!({ "list": ["a", "b", "c"] }));
    for child in 1..=3 {
        bench.worker_in(child, "x").completes(json!({ "n": child }));
    }
    assert_snapshot!(bench.outcome());
}
