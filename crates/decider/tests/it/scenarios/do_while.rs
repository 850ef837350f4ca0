//! DO_WHILE (`conductor-semantics` 5.9 and 11 G).

use fermata_decider::Event;
use fermata_decider::needs::Evaluated;
use fermata_types::{TaskNumber, limits};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, inline, join, once, repeat, set, simple, step, step_with, sub_workflow, switch, with,
};
use crate::bench::{Bench, Catalog, given, given_with};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({ "n": 2 }))
}

#[test]
fn three_iterations() {
    let body = json!([
        step_with("SIMPLE", "a", json!({ "i": "${l.output.iteration}", "last": "${b.output.x}" })),
        step_with("SIMPLE", "b", json!({ "a": "${a.output.x}", "own": "${a.iteration}" })),
    ]);
    let z = step_with(
        "SIMPLE",
        "z",
        json!({ "b": "${b.output.x}", "first": "${l.output.1.a.x}", "n": "${l.output.iteration}" }),
    );
    let mut bench = start(json!([repeat("l", "$.l['iteration'] < 3", body), z]));
    for n in 1..=3 {
        bench.worker("a").completes(json!({ "x": n }));
        bench.worker("b").completes(json!({ "x": n * 10 }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn the_condition_reads_the_body_and_its_own_inputs() {
    let body = json!([simple("a")]);
    let l = with(
        repeat("l", "$.a.again && $.l.iteration < $.limit", body),
        json!({
        "inputParameters": { "limit": "${workflow.input.n}" } }),
    );
    let mut bench = start(json!([l]));
    bench.worker("a").completes(json!({ "again": true }));
    bench.worker("a").completes(json!({ "again": true }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_conditions_inputs_are_resolved_each_time() {
    let l = with(
        repeat("l", "$.value < 3", json!([simple("a")])),
        json!({
        "inputParameters": { "value": "${a.output.x}" } }),
    );
    let mut bench = start(json!([l]));
    for n in 1..=3 {
        bench.worker("a").completes(json!({ "x": n }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn strings_and_null_stop_and_numbers_above_zero_go_on() {
    for (condition, iterations) in
        [("'true'", 1), ("null", 1), ("0", 1), ("false", 1), ("$.l.iteration == 1 ? 7 : 0", 2)]
    {
        let bench = start(json!([repeat("l", condition, json!([inline("i", "x")]))]));
        assert_eq!(bench.root().tasks.len(), 1 + iterations, "{condition}");
    }
}

#[test]
fn a_fork_a_switch_and_a_last_step_in_the_body() {
    let body = json!([
        fork("f", json!([[simple("a")], [simple("b")]])),
        join("j", &["a", "b"]),
        switch("s", "${l.output.iteration}", json!({ "1": [simple("c")] }), json!([])),
    ]);
    let mut bench = start(json!([repeat("l", "$.l.iteration < 2", body), simple("z")]));
    for reference in ["a", "b", "c", "b", "a"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn nested_loops() {
    let inner = repeat("in", "$.in.iteration < 2", json!([simple("a")]));
    let mut bench = start(json!([repeat(
        "out",
        "$.out.iteration < 2",
        json!([inner, inline("i", "${a.output.x}")])
    )]));
    for n in 1..=4 {
        bench.worker("a").completes(json!({ "x": n }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_branch_no_join_names_holds_the_iteration() {
    let body =
        json!([fork("f", json!([[simple("a")], [simple("b"), simple("c")]])), join("j", &["a"])]);
    let mut bench = start(json!([repeat("l", "$.l.iteration < 2", body)]));
    bench.worker("a").completes(json!({}));
    bench.worker("b").completes(json!({}));
    assert_eq!(bench.root().tasks[0].loop_iteration(), 1);
    bench.worker("c").completes(json!({}));
    assert_eq!(bench.root().tasks[0].loop_iteration(), 2);
    bench.worker("b").completes(json!({}));
    bench.worker("c").completes(json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_condition_that_fails_fails_the_run() {
    let tasks = json!([repeat("l", "oops(", json!([inline("i", "x")]))]);
    let bench = given(tasks)
        .scripts(|_, _| Evaluated::Failed("Error evaluating the script".to_owned()))
        .start(json!({}));
    assert_snapshot!(bench.text());
    assert_snapshot!("blank", start(json!([repeat("l", "", json!([inline("i", "x")]))])).outcome());
}

#[test]
fn retries_in_the_body_keep_their_iteration() {
    let mut bench = start(json!([repeat("l", "$.l.iteration < 2", json!([simple("a")]))]));
    bench.worker("a").completes(json!({}));
    bench.worker("a").fails("no");
    bench.worker("a__2").completes(json!({ "x": 1 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_failing_body_fails_the_run() {
    let mut bench = start(json!([repeat("l", "true", json!([once("a")]))]));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.outcome());
}

#[test]
fn an_empty_body_ends_with_its_condition() {
    assert_snapshot!(
        start(json!([repeat("l", "$.l.iteration < 3", json!([])), simple("z")])).text()
    );
}

#[test]
fn a_loop_ended_from_outside_goes_no_further() {
    let body = json!([simple("a"), simple("b")]);
    let mut bench = start(json!([repeat("l", "true", body), simple("z")]));
    bench.worker("l").completes(json!({ "forced": true }));
    bench.worker("a").completes(json!({}));
    bench.worker("b").completes(json!({}));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn variables_count_iterations() {
    let body = json!([set("s", json!({ "n": "${l.output.iteration}" })), step("NOOP", "nothing")]);
    let l = with(
        repeat("l", "$.seen < 4", body),
        json!({
        "inputParameters": { "seen": "${workflow.variables.n}" } }),
    );
    assert_snapshot!(start(json!([l])).outcome());
}

#[test]
fn a_task_skipped_in_this_iteration_shows_its_latest_output() {
    let choice =
        switch("s", "${l.output.iteration}", json!({ "1": [simple("a")] }), json!([simple("b")]));
    let mut bench = start(json!([repeat("l", "$.a.go && $.l.iteration < 3", json!([choice]))]));
    bench.worker("a").completes(json!({ "go": true }));
    bench.worker("b").completes(json!({}));
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_sub_workflow_in_each_iteration() {
    let catalog = Catalog::default().workflow(json!({ "name": "c", "tasks": [simple("x")] }));
    let tasks = json!([repeat("l", "$.l.iteration < 2", json!([sub_workflow("s", "c")]))]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.worker_in(1, "x").completes(json!({ "n": 1 }));
    bench.worker_in(2, "x").completes(json!({ "n": 2 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn an_endless_loop_meets_its_limit() {
    let mut bench = start(json!([repeat("l", "true", json!([simple("a")]))]));
    let (task, at) = (TaskNumber(1), bench.root().updated);
    let last = limits::LOOP_ITERATIONS_MAX;
    bench.happens(Event::LoopAdvanced { task, iteration: last - 1, at });
    bench.task(3).completes(json!({}));
    assert_eq!(bench.root().tasks[0].loop_iteration(), last);
    bench.task(4).completes(json!({}));
    assert_snapshot!(bench.text());
}
