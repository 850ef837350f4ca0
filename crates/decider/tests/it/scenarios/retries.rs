//! Retries of failed attempts (`conductor-semantics` 2 and 11 B).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{simple, with};
use crate::bench::{Bench, Catalog, given, given_with};

/// A task `a` with this definition, failed as often as there are delays to be seen.
fn delays(definition: Value, failures: u32) -> Vec<i64> {
    let catalog = Catalog::default().task(with(json!({ "name": "a" }), definition));
    let workflow = json!({ "name": "w", "tasks": [simple("a")] });
    let mut bench = given_with(workflow, catalog).start(json!({}));
    for _ in 0..failures {
        bench.worker("a").fails("no");
    }
    bench.root().tasks.iter().skip(1).map(|task| task.start_delay().as_ms()).collect()
}

#[test]
fn delays_grow_as_the_definition_says() {
    let exponential = json!({ "retryCount": 4, "retryLogic": "EXPONENTIAL_BACKOFF",
        "retryDelaySeconds": 1, "maxRetryDelaySeconds": 3 });
    assert_eq!(delays(exponential, 4), [1000, 2000, 3000, 3000]);
    let linear = json!({ "retryCount": 3, "retryLogic": "LINEAR_BACKOFF", "retryDelaySeconds": 1,
        "backoffScaleFactor": 2 });
    assert_eq!(delays(linear, 3), [2000, 4000, 6000]);
    let fixed = json!({ "retryCount": 2, "retryDelaySeconds": 5, "maxRetryDelaySeconds": 2 });
    assert_eq!(delays(fixed, 2), [2000, 2000]);
}

#[test]
fn jitter_stays_within_its_bounds_and_differs_between_attempts() {
    let fixed = json!({ "retryCount": 9, "retryDelaySeconds": 2, "backoffJitterMs": 500 });
    let found = delays(fixed, 9);
    assert!(found.iter().all(|ms| (2000..=2500).contains(ms)), "{found:?}");
    assert!(found.iter().any(|ms| *ms != found[0]), "{found:?}");
    let capped = json!({ "retryCount": 3, "retryLogic": "EXPONENTIAL_BACKOFF",
        "retryDelaySeconds": 60, "maxRetryDelaySeconds": 1, "backoffJitterMs": 100 });
    let found = delays(capped, 3);
    assert!(found.iter().all(|ms| (1000..=1100).contains(ms)), "{found:?}");
}

fn unregistered() -> Bench {
    given(json!([simple("a"), simple("b")])).start(json!({}))
}

#[test]
fn an_unregistered_task_is_retried_three_times_after_a_minute() {
    let mut bench = unregistered();
    for attempt in 1..=4 {
        bench.worker("a").fails(&format!("attempt {attempt}"));
        bench.wait(60);
    }
    assert_snapshot!(bench.text());
}

#[test]
fn a_later_attempt_succeeds() {
    let mut bench = unregistered();
    bench.worker("a").fails("once");
    bench.worker("a").fails("twice");
    bench.worker("a").completes(json!({ "x": 1 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_terminal_error_is_not_retried() {
    let mut bench = unregistered();
    bench.worker("a").fails_for_good("broken");
    assert_snapshot!(bench.text());
}

#[test]
fn a_canceled_task_terminates_the_run() {
    let mut bench = unregistered();
    bench.worker("a").cancels("not wanted");
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_steps_own_retry_count_counts() {
    let catalog = Catalog::default().task(json!({ "name": "a", "retryCount": 5 }));
    let tasks = json!([with(simple("a"), json!({ "retryCount": 0 }))]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.outcome());
}

#[test]
fn inputs_are_resolved_anew_for_each_attempt() {
    let a = with(
        simple("a"),
        json!({ "inputParameters": {
        "n": "${workflow.variables.n}", "id": "${CPEWF_TASK_ID}", "before": "${a.output.x}" } }),
    );
    let mut bench = given(json!([a])).start(json!({}));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.text());
}

#[test]
fn a_retry_takes_the_domain_of_the_moment() {
    let mut bench =
        given(json!([simple("a")])).domains(&[("a", "x, y, NO_DOMAIN")]).start(json!({}));
    bench = bench.polled("a", "y");
    bench.worker("a").fails("no");
    assert_snapshot!(bench.text());
}
