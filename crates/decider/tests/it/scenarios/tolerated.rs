//! Optional and permissive tasks (`conductor-semantics` 2.4 and 11 C).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, once, repeat, simple, with};
use crate::bench::{Bench, given};

fn optional(step: Value) -> Value {
    with(step, json!({ "optional": true }))
}

fn permissive(step: Value) -> Value {
    with(step, json!({ "permissive": true }))
}

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({}))
}

#[test]
fn an_optional_task_is_retried_and_then_forgiven() {
    let a = with(optional(simple("a")), json!({ "retryCount": 1 }));
    let mut bench = start(json!([a, simple("b")]));
    bench.worker("a").fails("one");
    bench.worker("a").fails("two");
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn an_optional_task_may_be_canceled() {
    let mut bench = start(json!([optional(simple("a")), simple("b")]));
    bench.worker("a").cancels("no need");
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_permissive_task_fails_the_run_at_its_end() {
    let mut bench = start(json!([permissive(once("a")), permissive(once("b")), simple("c")]));
    bench.worker("a").fails("one");
    bench.worker("b").fails("two");
    bench.worker("c").completes(json!({ "c": 1 }));
    assert_snapshot!(bench.text());
}

#[test]
fn both_is_optional() {
    let mut bench = start(json!([optional(permissive(once("a"))), simple("b")]));
    bench.worker("a").fails("one");
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_permissive_branch_fails_the_join_once_all_have_ended() {
    let branches = json!([[permissive(once("a"))], [simple("b")]]);
    let mut bench = start(json!([fork("f", branches), join("j", &["a", "b"]), simple("c")]));
    bench.worker("a").fails("one");
    assert_eq!(bench.root().status.as_str(), "RUNNING");
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn an_optional_branch_lets_the_join_complete_with_errors() {
    let branches = json!([[optional(once("a"))], [simple("b")]]);
    let mut bench = start(json!([fork("f", branches), join("j", &["a", "b"])]));
    bench.worker("a").fails("one");
    bench.worker("b").completes(json!({ "b": 1 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_permissive_task_in_a_loop_fails_the_loop_once() {
    let body = json!([permissive(once("a")), simple("b")]);
    let mut bench = start(json!([repeat("l", "$.l.iteration < 3", body), simple("c")]));
    bench.worker("a").fails("one");
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_permissive_loop_with_a_permissive_task_names_both() {
    let body = json!([permissive(once("a"))]);
    let mut bench = start(json!([permissive(repeat("l", "true", body)), simple("c")]));
    bench.worker("a").fails("one");
    bench.worker("c").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn an_optional_task_times_out_on_its_retry() {
    let definition = json!({ "name": "a", "retryCount": 1, "retryDelaySeconds": 0,
        "timeoutSeconds": 10, "timeoutPolicy": "RETRY" });
    let a = with(optional(simple("a")), json!({ "taskDefinition": definition }));
    let mut bench = start(json!([a, simple("b")]));
    bench.worker("a").fails("one");
    bench.worker("a").takes();
    bench.wait(10);
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}
