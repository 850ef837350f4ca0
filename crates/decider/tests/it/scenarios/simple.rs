//! SIMPLE tasks and how runs end (`conductor-semantics` 11 A).

use insta::assert_snapshot;
use serde_json::json;

use crate::bench::steps::{simple, step, step_with, with};
use crate::bench::{Catalog, given, given_with};

#[test]
fn two_tasks_in_sequence() {
    let second =
        step_with("SIMPLE", "b", json!({ "x": "${a.output.x}", "y": "${workflow.input.y}" }));
    let mut bench = given(json!([simple("a"), second])).start(json!({ "y": null }));
    bench.worker("a").completes(json!({ "x": 1 }));
    bench.worker("b").completes(json!({ "z": 2 }));
    assert_snapshot!(bench.text());
}

#[test]
fn no_tasks() {
    assert_snapshot!(given(json!([])).start(json!({})).text());
}

#[test]
fn an_unknown_type_is_a_workers_task_without_retries() {
    let mut bench =
        given(json!([with(step("MY_TYPE", "a"), json!({ "name": "n" }))])).start(json!({}));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.text());
}

#[test]
fn a_template_supplies_defaults_and_replaces_null() {
    let catalog = Catalog::default().task(json!({
        "name": "a", "inputTemplate": { "kept": 1, "given": 2, "null": 3 },
    }));
    let tasks =
        json!([step_with("SIMPLE", "a", json!({ "given": 5, "null": "${workflow.input.no}" }))]);
    let bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_start_delay_holds_the_task_in_its_queue() {
    let mut bench = given(json!([with(simple("a"), json!({ "startDelay": 30 }))])).start(json!({}));
    bench.wait(30);
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn variables_and_system_fields_are_read() {
    let tasks = json!([
        simple("a"),
        step_with(
            "SIMPLE",
            "b",
            json!({
                "all": concat!(
                    "${workflow.correlationId} ${workflow.workflowType} ",
                    "${workflow.version} ${workflow.status}"
                ),
                "v": "${workflow.variables.v}", "ended": "${a.endTime}", "own": "${CPEWF_TASK_ID}",
                "whole": "${a}",
            })
        )
    ]);
    let definition =
        json!({ "name": "w", "version": 3, "variables": { "v": [1] }, "tasks": tasks });
    let mut bench = given_with(definition, Catalog::default()).start(json!({}));
    bench.worker("a").completes(json!({ "n": 1 }));
    assert_snapshot!(bench.outcome() + &bench.text());
}
