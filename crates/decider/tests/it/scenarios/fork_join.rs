//! FORK_JOIN and JOIN (`conductor-semantics` 5.3, 5.5 and 11 D).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, inline, join, once, repeat, simple, switch, with};
use crate::bench::{Bench, given};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({}))
}

#[test]
fn both_branches_begin_with_the_fork() {
    let branches = json!([[simple("a"), simple("b")], [simple("c")]]);
    let mut bench = start(json!([fork("f", branches), join("j", &["b", "c"]), simple("z")]));
    bench.worker("c").completes(json!({ "c": 1 }));
    bench.worker("a").completes(json!({ "a": 1 }));
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn branches_that_end_before_the_join_is_there() {
    let branches = json!([[inline("a", "x")], [inline("b", "y"), inline("c", "z")]]);
    assert_snapshot!(start(json!([fork("f", branches), join("j", &["a", "c", "a"])])).text());
}

#[test]
fn nested_forks() {
    let inner = json!([fork("f2", json!([[simple("a")], [simple("b")]])), join("j2", &["a", "b"])]);
    let mut bench =
        start(json!([fork("f1", json!([inner, [simple("c")]])), join("j1", &["j2", "c"])]));
    for reference in ["c", "b", "a"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn empty_branches_are_done() {
    let mut bench = start(json!([fork("f", json!([[], [simple("a")]])), join("j", &["a"])]));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
    assert_snapshot!("all_empty", start(json!([fork("f", json!([[]])), join("j", &[])])).outcome());
}

#[test]
fn a_failing_branch_fails_the_run_and_cancels_the_others() {
    let mut bench =
        start(json!([fork("f", json!([[once("a")], [simple("b")]])), join("j", &["a", "b"])]));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.text());
}

#[test]
fn a_failed_attempt_does_not_satisfy_the_join() {
    let mut bench =
        start(json!([fork("f", json!([[simple("a")], [simple("b")]])), join("j", &["a", "b"])]));
    bench.worker("a").fails("no");
    bench.worker("b").completes(json!({}));
    assert_snapshot!("before_the_retry", bench.outcome());
    bench.worker("a").completes(json!({ "second": true }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_fork_without_a_join_fails_the_run() {
    assert_snapshot!(start(json!([fork("f", json!([[simple("a")]])), simple("z")])).outcome());
}

#[test]
fn names_that_nothing_has_are_waited_for() {
    let branches =
        json!([[simple("a")], [switch("s", "x", json!({ "y": [simple("skipped")] }), json!([]))]]);
    let mut bench =
        start(json!([fork("f", branches), join("j", &["a", "typo", "skipped"]), simple("z")]));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_branch_no_join_names_still_holds_the_end() {
    let mut bench = start(json!([
        fork("f", json!([[simple("a")], [simple("b")]])),
        join("j", &["a"]),
        simple("z")
    ]));
    bench.worker("a").completes(json!({}));
    bench.worker("z").completes(json!({}));
    assert_eq!(bench.root().status.as_str(), "RUNNING");
    bench.worker("b").completes(json!({ "last": 1 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_joins_output_is_read_by_what_follows() {
    let z = with(
        simple("z"),
        json!({ "inputParameters": { "a": "${j.output.a.x}", "all": "${j.output}" } }),
    );
    let mut bench =
        start(json!([fork("f", json!([[simple("a")], [simple("b")]])), join("j", &["a", "b"]), z]));
    bench.worker("b").completes(json!({}));
    bench.worker("a").completes(json!({ "x": 1 }));
    assert_snapshot!(bench.outcome());
    assert_snapshot!("what_z_got", bench.text());
}

#[test]
fn a_join_of_canceled_branches_is_canceled() {
    let permissive = |name| with(once(name), json!({ "permissive": true }));
    let branches = json!([[permissive("a")], [permissive("b")], [simple("c")]]);
    let mut bench = start(json!([fork("f", branches), join("j", &["a", "b", "c"])]));
    bench.worker("a").cancels("one");
    bench.worker("b").cancels("two");
    bench.worker("c").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_loop_in_a_branch() {
    let branches = json!([[repeat("l", "$.l.iteration < 2", json!([simple("a")]))], [simple("b")]]);
    let mut bench = start(json!([fork("f", branches), join("j", &["l", "b"])]));
    bench.worker("a").completes(json!({ "n": 1 }));
    bench.worker("b").completes(json!({ "n": 2 }));
    bench.worker("a").completes(json!({ "n": 3 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_join_may_be_completed_from_outside() {
    let mut bench = start(json!([
        fork("f", json!([[simple("a")], [simple("b")]])),
        join("j", &["a", "b"]),
        simple("z")
    ]));
    bench.worker("a").completes(json!({}));
    bench.worker("j").completes(json!({ "forced": true }));
    bench.worker("b").completes(json!({}));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.outcome());
}
