//! Pause, resume, terminate (`conductor-semantics` 4.4, 4.5 and 11 L).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, once, simple, step_with, with};
use crate::bench::{Bench, Catalog, given, given_with};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({}))
}

#[test]
fn a_successor_waits_until_the_run_is_resumed() {
    let mut bench = start(json!([simple("a"), simple("b")]));
    bench.pause();
    bench.pause();
    bench.worker("a").completes(json!({}));
    bench.resume();
    bench.resume();
    assert_snapshot!(bench.text());
}

#[test]
fn a_wait_ends_on_time_while_paused() {
    let wait = step_with("WAIT", "t", json!({ "duration": "10 seconds" }));
    let mut bench = start(json!([wait, simple("b")]));
    bench.pause();
    bench.wait(20);
    bench.resume();
    assert_snapshot!(bench.text());
}

#[test]
fn many_timeouts_of_a_paused_run_do_not_hide_its_wait() {
    let definition = json!({ "name": "a", "pollTimeoutSeconds": 1, "timeoutPolicy": "RETRY" });
    let mut branches: Vec<Value> = (0..70)
        .map(|n| json!([with(simple(&format!("a{n}")), json!({ "taskDefinition": definition }))]))
        .collect();
    branches.push(json!([step_with("WAIT", "t", json!({ "duration": "10 seconds" }))]));
    let tasks = json!([fork("f", json!(branches)), join("j", &["t"])]);
    let mut bench = start(tasks).silent(10_000);
    bench.pause();
    bench.wait(20);
    let waits = bench.root().tasks.iter().find(|task| task.wait_until().is_some());
    assert_eq!(waits.map(|task| task.status.as_str()), Some("COMPLETED"));
    let late = |bench: &Bench| {
        let tasks = bench.root().tasks.iter();
        tasks.filter(|task| task.status.as_str() == "TIMED_OUT").count()
    };
    assert_eq!(late(&bench), 0, "timeouts do not act while the run is paused");
    bench.resume();
    bench.deadline();
    assert_eq!(late(&bench), 70);
}

#[test]
fn deadlines_wait_for_the_end_of_the_pause() {
    let definition = json!({ "name": "a", "retryCount": 1, "retryDelaySeconds": 0,
        "responseTimeoutSeconds": 10 });
    let a = with(simple("a"), json!({ "taskDefinition": definition }));
    let mut bench = start(json!([a]));
    bench.worker("a").takes();
    bench.pause();
    bench.wait(100);
    assert_eq!(bench.root().tasks[0].status.as_str(), "IN_PROGRESS");
    bench.resume();
    bench.deadline();
    assert_snapshot!(bench.text());
}

#[test]
fn the_workflow_clock_starts_again_on_resume() {
    let definition = json!({ "name": "w", "timeoutSeconds": 60, "timeoutPolicy": "TIME_OUT_WF",
        "tasks": [simple("a")] });
    let mut bench = given_with(definition, Catalog::default()).start(json!({}));
    bench.pause();
    bench.wait(100);
    bench.resume();
    bench.wait(59);
    assert_eq!(bench.root().status.as_str(), "RUNNING");
    bench.wait(1);
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_terminated_run_stays_so() {
    let mut bench = start(json!([simple("a")]));
    bench.terminate("enough");
    bench.terminate("again");
    bench.pause();
    bench.resume();
    assert_snapshot!(bench.text());
}

#[test]
fn a_completed_run_cannot_be_terminated() {
    let mut bench = start(json!([simple("a")]));
    bench.worker("a").completes(json!({ "x": 1 }));
    bench.terminate("late");
    assert_snapshot!(bench.text());
}

#[test]
fn a_failed_run_becomes_terminated() {
    let mut bench = start(json!([once("a")]));
    bench.worker("a").fails("no");
    bench.terminate("over");
    assert_snapshot!(bench.text());
}

#[test]
fn a_paused_run_can_be_terminated() {
    let mut bench = start(json!([simple("a"), simple("b")]));
    bench.pause();
    bench.worker("a").completes(json!({ "x": 1 }));
    bench.terminate_run(0, None);
    assert_snapshot!(bench.text());
}
