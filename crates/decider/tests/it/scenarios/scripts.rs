//! A script under way holds up nothing but what waits for it (design 2.3).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, repeat, simple, step, step_with, with};
use crate::bench::{Bench, given};

/// A branch that begins with this step, which evaluates `slow()`, beside one of workers.
fn beside(slow: Value) -> Bench {
    let tasks = json!([
        fork("f", json!([[slow, simple("c")], [simple("a"), simple("b")]])),
        join("j", &["b", "c"]),
    ]);
    given(tasks)
        .scripts(|_, _| Evaluated::Value(Payload::from_value(&json!("x"))))
        .hold_scripts()
        .start(json!({}))
}

fn inline() -> Value {
    step_with("INLINE", "i", json!({ "expression": "slow()" }))
}

fn switch() -> Value {
    with(
        step("SWITCH", "s"),
        json!({ "evaluatorType": "javascript", "expression": "slow()",
        "decisionCases": { "x": [simple("chosen")] } }),
    )
}

#[test]
fn other_branches_go_on() {
    let mut bench = beside(inline());
    bench.worker("a").completes(json!({}));
    bench.scripts_end();
    assert_snapshot!(bench.text());
    let mut bench = beside(switch());
    bench.worker("a").completes(json!({}));
    bench.scripts_end();
    assert_snapshot!("beside_a_switch", bench.text());
}

#[test]
fn the_run_can_be_terminated() {
    let mut bench = beside(switch());
    bench.terminate("enough");
    bench.scripts_end();
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_task_can_be_completed_by_someone_else() {
    let mut bench = beside(inline());
    bench.worker("i").completes(json!({ "result": "theirs" }));
    bench.scripts_end();
    assert_snapshot!(bench.text());
}

#[test]
fn a_paused_run_takes_the_result_later() {
    let mut bench = beside(inline());
    bench.pause();
    bench.scripts_end();
    assert_eq!(bench.root().tasks[1].status.as_str(), "IN_PROGRESS");
    bench.resume();
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_loops_condition_under_way() {
    let mut bench = beside(repeat("l", "slow()", json!([simple("in")])));
    bench.worker("in").completes(json!({}));
    bench.worker("a").completes(json!({}));
    bench.scripts_end();
    assert_snapshot!(bench.outcome());
}
