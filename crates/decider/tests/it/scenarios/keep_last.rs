//! `keepLastN` of DO_WHILE (`conductor-semantics` 5.9.2, 11 G11 and G12).

use fermata_decider::Command;
use fermata_types::TaskNumber;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, inline, join, keep_last, once, repeat, simple, step, step_with, switch, with,
};
use crate::bench::{Bench, given};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({ "keep": 2 }))
}

fn five(body: Value, keep: impl Into<Value>) -> Value {
    keep_last(repeat("l", "$.l.iteration < 5", body), keep)
}

#[test]
fn three_of_five() {
    let z = step_with(
        "SIMPLE",
        "z",
        json!({ "first": "${l.output.1}", "third": "${l.output.3.a.n}", "a": "${a.output.n}" }),
    );
    let mut bench = start(json!([five(json!([simple("a")]), 3), z]));
    for n in 1..=5 {
        bench.worker("a").completes(json!({ "n": n }));
    }
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn the_first_task_still_reads_the_iteration_before() {
    let a = step_with("SIMPLE", "a", json!({ "before": "${a.output.n}", "b": "${b.output.n}" }));
    let mut bench = start(json!([five(json!([a, inline("b", "${a.output.n}")]), 1)]));
    for n in 1..=5 {
        bench.worker("a").completes(json!({ "n": n }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_count_may_be_an_expression_or_text() {
    for keep in [json!("${workflow.input.keep}"), json!("2"), json!(2)] {
        let bench = start(json!([five(json!([inline("i", "x")]), keep.clone())]));
        assert_eq!(bench.root().tasks.len(), 3, "{keep}");
    }
    for keep in [json!(0), json!(-1), json!(null), json!("all"), json!(9)] {
        let bench = start(json!([five(json!([inline("i", "x")]), keep.clone())]));
        assert_eq!(bench.root().tasks.len(), 6, "{keep}");
    }
}

#[test]
fn a_wait_and_a_switch_in_the_body() {
    let body = json!([
        step("WAIT", "w"),
        switch("s", "${w.output.go}", json!({ "a": [simple("a")] }), json!([simple("b")])),
    ]);
    let mut bench = start(json!([five(body, 2)]));
    for go in ["a", "b", "b", "b", "a"] {
        bench.worker("w").completes(json!({ "go": go }));
        bench.worker(go).completes(json!({ "by": go }));
    }
    assert_snapshot!(bench.outcome());
}

/// The last of `a` was dropped with its iteration: there is nothing left to read.
#[test]
fn what_was_dropped_reads_as_never_run() {
    let choice = switch(
        "s",
        "${l.output.iteration}",
        json!({ "1": [simple("a")] }),
        json!([inline("i", "x")]),
    );
    let z = step_with("SIMPLE", "z", json!({ "a": "${a.output.n}", "status": "${a.status}" }));
    let mut bench = start(json!([five(json!([choice]), 2), z]));
    bench.worker("a").completes(json!({ "n": 1 }));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn retried_attempts_go_with_their_iteration() {
    let mut bench = start(json!([five(json!([simple("a")]), 1)]));
    for n in 1..=5 {
        bench.worker("a").fails("again");
        bench.wait(60);
        bench.worker("a").completes(json!({ "n": n }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn loops_and_forks_inside_go_as_a_whole() {
    let inner = repeat("in", "$.in.iteration < 2", json!([inline("i", "${out.output.iteration}")]));
    let body = json!([
        fork("f", json!([[inner], [simple("a")]])),
        join("j", &["in", "a"]),
        inline("last", "${j.output.a.n}"),
    ]);
    let out = keep_last(repeat("out", "$.out.iteration < 3", body), 1);
    let mut bench = start(json!([out]));
    for n in 1..=3 {
        bench.worker("a").completes(json!({ "n": n }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn loops_side_by_side_drop_their_own_only() {
    let left = keep_last(repeat("l", "$.l.iteration < 3", json!([simple("a")])), 1);
    let right = repeat("r", "$.r.iteration < 2", json!([simple("b")]));
    let mut bench = start(json!([fork("f", json!([[left], [right]])), join("j", &["l", "r"])]));
    for reference in ["a", "b", "a", "b", "a"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.outcome());
}

/// A loop inside was ended around its open task: that task stays, and may still end.
#[test]
fn a_task_that_is_still_open_stays() {
    let inner = repeat("in", "true", json!([simple("a")]));
    let mut bench =
        start(json!([keep_last(repeat("out", "$.out.iteration < 3", json!([inner])), 1)]));
    for _ in 1..=3 {
        bench.worker("in").completes(json!({ "forced": true }));
    }
    assert_snapshot!(bench.outcome());
    for _ in 1..=3 {
        bench.worker("a").completes(json!({}));
    }
    assert_snapshot!("open_tasks_ended", bench.outcome());
}

/// A result for a task that is gone is refused as one for a task that never was.
#[test]
fn results_of_dropped_tasks_are_refused() {
    let mut bench = start(json!([five(json!([simple("a")]), 1)]));
    for _ in 1..=2 {
        bench.worker("a").completes(json!({}));
    }
    assert!(!bench.told(0, Command::ExtendLease { task: TaskNumber(2) }));
    assert!(bench.told(0, Command::ExtendLease { task: TaskNumber(4) }));
    assert_snapshot!(bench.text());
}

/// Joins in bodies: an optional branch is forgiven, a permissive one fails its loop at the end of
/// its iteration.
#[test]
fn joins_with_tolerated_branches() {
    let body = |tolerated: Value| {
        json!([
            fork("f", json!([[with(once("a"), tolerated)], [simple("b")]])),
            join("j", &["a", "b"]),
        ])
    };
    for tolerated in ["optional", "permissive"] {
        let body = body(json!({ tolerated: true }));
        let mut bench =
            start(json!([keep_last(repeat("l", "$.l.iteration < 3", body), 1), simple("z")]));
        bench.worker("a").completes(json!({}));
        bench.worker("b").completes(json!({}));
        bench.worker("a").fails("no");
        bench.worker("b").completes(json!({}));
        if tolerated == "optional" {
            for reference in ["b", "a", "z"] {
                bench.worker(reference).completes(json!({ "by": reference }));
            }
        }
        assert_snapshot!(tolerated, bench.outcome());
    }
}
