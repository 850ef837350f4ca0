//! PULL_WORKFLOW_MESSAGES and messages (`conductor-semantics` 6).

use fermata_types::limits;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, simple, step_with};
use crate::bench::{Bench, given};

fn pull(reference: &str, input: Value) -> Value {
    step_with("PULL_WORKFLOW_MESSAGES", reference, input)
}

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({}))
}

#[test]
fn a_message_wakes_the_task_that_waits() {
    let mut bench = start(json!([pull("p", json!({}))]));
    bench.wait(5);
    bench.message("m1", json!({ "n": 1 }));
    assert_snapshot!(bench.text());
}

#[test]
fn messages_wait_for_the_task() {
    let mut bench = start(json!([simple("a"), pull("p", json!({ "batchSize": 2 })), simple("z")]));
    for n in 1..=3 {
        bench.message(&format!("m{n}"), json!({ "n": n }));
    }
    bench.worker("a").completes(json!({}));
    assert_eq!(bench.root().lane.pending(), 1);
    assert_snapshot!(bench.text());
}

#[test]
fn forms_of_batch_size() {
    for (size, taken) in [
        (json!(null), 1),
        (json!(0), 1),
        (json!(-5), 1),
        (json!("x"), 1),
        (json!(3), 3),
        (json!(1000), 100),
    ] {
        let mut bench =
            start(json!([simple("a"), pull("p", json!({ "batchSize": size }))])).silent(1000);
        for n in 0..120 {
            bench.message(&format!("m{n}"), json!({}));
        }
        bench.worker("a").completes(json!({}));
        assert_eq!(120 - bench.root().lane.pending(), taken, "{size}");
    }
}

#[test]
fn without_blocking_it_ends_at_once() {
    let mut bench = start(json!([
        pull("p", json!({ "blocking": false })),
        simple("a"),
        pull("q", json!({ "blocking": false }))
    ]));
    bench.message("m1", json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn several_tasks_are_served_in_their_order() {
    let branches = json!([
        [pull("p", json!({ "batchSize": 5 }))],
        [pull("q", json!({}))],
        [pull("r", json!({ "blocking": "no" }))]
    ]);
    let mut bench = start(json!([fork("f", branches), join("j", &["p", "q", "r"])]));
    bench.message("m1", json!({}));
    bench.message("m2", json!({}));
    assert_snapshot!(bench.outcome());
    bench.message("m3", json!({}));
    assert_eq!(bench.root().status.as_str(), "COMPLETED");
}

#[test]
fn old_messages_expire() {
    let mut bench = start(json!([simple("a"), pull("p", json!({ "batchSize": 5 }))]));
    bench.message("old", json!({}));
    bench.wait(limits::MESSAGE_TTL_MS / 1000);
    bench.message("new", json!({}));
    bench.wait(1);
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn only_expired_messages_are_none() {
    for (blocking, status) in [(true, "RUNNING"), (false, "COMPLETED")] {
        let mut bench = start(json!([simple("a"), pull("p", json!({ "blocking": blocking }))]));
        bench.message("old", json!({}));
        bench.wait(limits::MESSAGE_TTL_MS / 1000 + 1);
        bench.worker("a").completes(json!({}));
        assert_eq!(bench.root().status.as_str(), status);
        assert_eq!(bench.root().lane.pending(), 0);
    }
}

#[test]
fn a_fresh_message_behind_an_expired_one_is_found() {
    let mut bench = start(json!([simple("a"), pull("p", json!({ "blocking": false }))]));
    bench.message("old", json!({}));
    bench.wait(limits::MESSAGE_TTL_MS / 1000 + 1);
    bench.message("new", json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn paused_and_ended_runs_and_full_lanes_take_none() {
    let mut bench = start(json!([simple("a")]));
    bench.pause();
    bench.message("m1", json!({}));
    bench.resume();
    bench.terminate("over");
    bench.message("m2", json!({}));
    assert_snapshot!(bench.text());
    let mut full = start(json!([simple("a")]));
    for n in 0..limits::LANE_MESSAGES_MAX {
        full = full.silent(10);
        full.message(&n.to_string(), json!({}));
    }
    full.message("one more", json!({}));
    assert_eq!(full.root().lane.pending(), limits::LANE_MESSAGES_MAX);
}
