//! Timeouts of tasks and runs (`conductor-semantics` 3).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{simple, step_with, with};
use crate::bench::{Bench, Catalog, given, given_with};

/// Task `a` under a definition of these fields, retried at once.
fn start(fields: Value) -> Bench {
    let definition = with(json!({ "name": "a", "retryCount": 1, "retryDelaySeconds": 0 }), fields);
    given(json!([with(simple("a"), json!({ "taskDefinition": definition })), simple("b")]))
        .start(json!({}))
}

#[test]
fn a_task_timeout_under_each_policy() {
    let mut text = String::new();
    for policy in ["RETRY", "TIME_OUT_WF", "ALERT_ONLY"] {
        let mut bench = start(json!({ "timeoutSeconds": 10, "timeoutPolicy": policy }));
        bench.wait(100);
        bench.worker("a").takes();
        bench.wait(9);
        assert_eq!(bench.root().tasks[0].status.as_str(), "IN_PROGRESS");
        bench.wait(1);
        text += &bench.outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn a_task_timeout_retried_until_exhausted() {
    let mut bench = start(json!({ "timeoutSeconds": 10, "timeoutPolicy": "RETRY" }));
    for _ in 0..2 {
        bench.worker("a").takes();
        bench.wait(12);
    }
    assert_snapshot!(bench.text());
}

#[test]
fn a_poll_timeout_under_each_policy() {
    let mut text = String::new();
    for policy in ["RETRY", "TIME_OUT_WF", "ALERT_ONLY"] {
        let mut bench = start(json!({ "pollTimeoutSeconds": 10, "timeoutPolicy": policy }));
        bench.wait(9);
        assert_eq!(bench.root().tasks.len(), 1);
        bench.wait(1);
        text += &bench.outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn a_poll_timeout_counts_a_delay_once() {
    let mut bench = start(json!({
        "pollTimeoutSeconds": 10, "timeoutPolicy": "RETRY", "retryDelaySeconds": 30,
    }));
    bench.worker("a").fails("no");
    bench.wait(39);
    assert_eq!(bench.root().status.as_str(), "RUNNING");
    bench.wait(1);
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_total_timeout_under_each_policy() {
    let mut text = String::new();
    for policy in ["RETRY", "TIME_OUT_WF", "ALERT_ONLY"] {
        let fields = json!({ "totalTimeoutSeconds": 20, "timeoutPolicy": policy, "retryCount": 5 });
        let mut bench = start(fields);
        bench.worker("a").fails("one");
        bench.wait(19);
        bench.worker("a").takes();
        bench.wait(1);
        text += &bench.outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn a_failure_after_the_total_budget_ends_the_run_even_under_alert_only() {
    let fields = json!({ "totalTimeoutSeconds": 20, "timeoutPolicy": "ALERT_ONLY" });
    let mut bench = start(fields);
    bench.wait(25);
    bench.worker("a").fails("late");
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_response_timeout_counts_from_the_last_sign_of_life() {
    let mut bench = start(json!({ "responseTimeoutSeconds": 10 }));
    bench.wait(1000);
    bench.worker("a").takes();
    bench.wait(8);
    bench.worker("a").extends();
    bench.wait(9);
    assert_eq!(bench.root().tasks.len(), 1);
    bench.wait(1);
    bench.worker("a").takes();
    bench.wait(10);
    assert_snapshot!(bench.text());
}

#[test]
fn a_task_that_goes_on_is_taken_again_later() {
    let mut bench = start(json!({ "responseTimeoutSeconds": 10 }));
    bench.worker("a").takes();
    bench.worker("a").goes_on(json!({ "part": 1 }), 60);
    bench.wait(60);
    bench.worker("a").takes();
    bench.wait(5);
    bench.worker("a").completes(json!({ "part": 2 }));
    assert_snapshot!(bench.text());
}

#[test]
fn a_task_that_comes_back_waits_in_its_queue() {
    let mut bench = start(json!({ "responseTimeoutSeconds": 10 }));
    bench.worker("a").takes();
    bench.worker("a").comes_back();
    bench.wait(20);
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_run_times_out() {
    let mut text = String::new();
    for policy in ["TIME_OUT_WF", "ALERT_ONLY"] {
        let definition = json!({ "name": "w", "timeoutSeconds": 60, "timeoutPolicy": policy,
            "tasks": [simple("a")] });
        let mut bench = given_with(definition, Catalog::default()).start(json!({}));
        bench.wait(59);
        assert_eq!(bench.root().status.as_str(), "RUNNING");
        bench.wait(2);
        text += &bench.text();
    }
    assert_snapshot!(text);
}

#[test]
fn a_registered_timeout_ends_a_wait() {
    let catalog = Catalog::default().task(json!({ "name": "a", "retryCount": 1,
        "retryDelaySeconds": 5, "timeoutSeconds": 10, "timeoutPolicy": "RETRY" }));
    let tasks = json!([step_with("WAIT", "a", json!({ "duration": "1 minute" }))]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.wait(30);
    assert_snapshot!(bench.text());
}

#[test]
fn late_deadlines_act_in_the_contracts_order() {
    let mut bench = start(json!({ "timeoutSeconds": 10, "responseTimeoutSeconds": 5,
        "totalTimeoutSeconds": 30, "timeoutPolicy": "RETRY" }));
    bench.worker("a").takes();
    bench.sleep_through(100);
    assert_snapshot!(bench.text());
}

#[test]
fn a_wait_that_was_over_before_its_timeout_completes() {
    let catalog = Catalog::default().task(json!({ "name": "a", "timeoutSeconds": 50 }));
    let tasks = json!([step_with("WAIT", "a", json!({ "duration": "10s" }))]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.sleep_through(100);
    assert_snapshot!(bench.outcome());
}
