//! SET_VARIABLE (`conductor-semantics` 5.14).

use insta::assert_snapshot;
use serde_json::json;

use crate::bench::steps::{set, step_with};
use crate::bench::{Catalog, given, given_with};

#[test]
fn later_tasks_read_what_was_set() {
    let tasks = json!([
        set("s1", json!({ "x": 1, "y": { "a": [1] } })),
        set("s2", json!({ "y": "${workflow.variables.y.a}", "z": null })),
        step_with("SIMPLE", "t", json!({ "all": "${workflow.variables}" })),
    ]);
    assert_snapshot!(given(tasks).start(json!({})).text());
}

#[test]
fn over_the_limit_nothing_is_set() {
    let definition = json!({ "name": "w", "variables": { "kept": 1 }, "tasks": [
        set("fits", json!({ "big": "${workflow.input.half}" })),
        set("over", json!({ "kept": 2, "more": "${workflow.input.half}" })),
    ] });
    let half = "x".repeat(150 << 10);
    let bench = given_with(definition, Catalog::default()).start(json!({ "half": half }));
    let kept = bench.root().variables.iter().find(|(name, _)| name == "kept");
    assert_eq!(kept.map(|(_, value)| value.to_value()), Some(json!(1)));
    assert_snapshot!(bench.outcome().replace(&half, "…"));
}

#[test]
fn nothing_to_set() {
    assert_snapshot!(given(json!([set("s", json!({}))])).start(json!({})).text());
}
