//! EXCLUSIVE_JOIN (`conductor-semantics` 5.6 and 11 D9).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, once, simple, step, switch, with};
use crate::bench::{Bench, given};

fn exclusive(on: &[&str], defaults: &[&str]) -> Value {
    let more = json!({ "joinOn": on, "defaultExclusiveJoinTask": defaults });
    with(step("EXCLUSIVE_JOIN", "x"), more)
}

fn chosen(case: &str, last: Value) -> Bench {
    let cases = json!({ "one": [simple("a")], "two": [simple("b"), simple("c")] });
    let s = switch("s", "${workflow.input.case}", cases, json!([]));
    given(json!([simple("first"), s, last, simple("z")])).start(json!({ "case": case }))
}

#[test]
fn it_takes_over_the_output_of_the_branch_that_ran() {
    let mut bench = chosen("two", exclusive(&["a", "c"], &["first"]));
    for reference in ["first", "b", "c"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn the_default_is_taken_when_no_branch_ran() {
    let mut bench = chosen("none", exclusive(&["a", "c"], &["first"]));
    bench.worker("first").completes(json!({ "by": "first" }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn nothing_that_exists_is_waited_for_for_ever() {
    let mut bench = chosen("none", exclusive(&["a", "typo"], &[]));
    bench.worker("first").completes(json!({}));
    bench.worker("x").completes(json!({ "forced": true }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn it_waits_for_the_first_that_exists() {
    let tolerated = with(once("a"), json!({ "optional": true }));
    let branches = json!([[tolerated], [simple("b")], [exclusive(&["a", "b"], &[])]]);
    let mut bench = given(json!([fork("f", branches), crate::bench::steps::join("j", &["x"])]))
        .start(json!({}));
    bench.worker("b").completes(json!({ "by": "b" }));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_permissive_failure_fails_it() {
    let permissive = with(once("a"), json!({ "permissive": true }));
    let mut bench = given(json!([permissive, exclusive(&["a"], &[])])).start(json!({}));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.outcome());
}
