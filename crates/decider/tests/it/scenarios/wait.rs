//! WAIT (`conductor-semantics` 5.15 and 11 M).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{simple, step_with, with};
use crate::bench::{Bench, given};

fn wait(input: Value) -> Bench {
    given(json!([step_with("WAIT", "t", input), simple("z")])).start(json!({ "d": "2 minutes" }))
}

#[test]
fn for_a_duration() {
    let mut bench = wait(json!({ "duration": "${workflow.input.d}" }));
    bench.wait(119);
    assert_eq!(bench.root().tasks.len(), 1);
    bench.wait(1);
    assert_snapshot!(bench.text());
}

#[test]
fn until_a_time() {
    // Scenarios begin at 2023-11-14 22:13:20 UTC.
    let mut bench = wait(json!({ "until": "2023-11-14 23:14 Europe/Berlin" }));
    bench.wait(39);
    assert_eq!(bench.root().tasks.len(), 1);
    bench.wait(1);
    assert_snapshot!(bench.outcome());
    let mut past = wait(json!({ "until": "2020-01-01" }));
    past.deadline();
    assert_snapshot!("in_the_past", past.outcome());
}

#[test]
fn for_a_signal() {
    let mut bench = wait(json!({ "note": 1 }));
    bench.wait(1_000_000);
    bench.signal(json!({ "by": "someone" }));
    assert_snapshot!(bench.text());
}

#[test]
fn what_cannot_be_read_fails_the_task() {
    let mut text = String::new();
    for input in [
        json!({ "duration": "5s", "until": "2030-01-01" }),
        json!({ "duration": "soon" }),
        json!({ "duration": 5 }),
        json!({ "until": "tomorrow" }),
    ] {
        text += &wait(input).outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn anyone_may_end_it_early() {
    let mut bench = wait(json!({ "duration": "1 day" }));
    bench.worker("t").completes(json!({ "early": true }));
    assert_eq!(bench.next_deadline(), None, "nothing is due for it any more");
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_retry_waits_anew() {
    let t =
        with(step_with("WAIT", "t", json!({ "duration": "1 minute" })), json!({ "retryCount": 1 }));
    let mut bench = given(json!([t])).start(json!({}));
    bench.wait(50);
    bench.worker("t").fails("again");
    bench.wait(59);
    assert_eq!(bench.root().status.as_str(), "RUNNING");
    bench.wait(1);
    assert_snapshot!(bench.text());
}
