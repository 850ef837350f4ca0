//! HTTP, as far as it concerns the run (`conductor-semantics` 1.4, 1.8, 3.2 and 5.18).

use fermata_decider::command::ReportedStatus;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{step_with, with};
use crate::bench::{Bench, given};

fn http(more: Value) -> Value {
    with(step_with("HTTP", "h", json!({ "uri": "http://localhost/" })), more)
}

fn start(step: Value) -> Bench {
    given(json!([step])).domains(&[("*", "d")]).start(json!({}))
}

#[test]
fn it_waits_in_its_types_queue_without_a_domain() {
    let mut bench = start(http(json!({})));
    bench.worker("h").takes();
    bench.worker("h").completes(json!({ "response": {} }));
    assert_snapshot!(bench.text());
}

#[test]
fn begun_for_somebody_else_it_stays_in_progress_without_a_deadline() {
    let mut bench = start(http(json!({ "asyncComplete": true })));
    bench.worker("h").takes();
    bench.worker("h").goes_on(json!({ "response": { "statusCode": 202 } }), 0);
    bench.worker("h").comes_back();
    bench.wait(100_000);
    bench.by_reference("h", ReportedStatus::Completed, json!({ "done": true }));
    assert_snapshot!(bench.text());
}

#[test]
fn somebody_else_may_take_it_over_before_it_was_begun() {
    let mut bench = start(http(json!({})));
    bench.by_reference("h", ReportedStatus::InProgress, json!({ "mine": 1 }));
    bench.by_reference("h", ReportedStatus::Completed, json!({ "done": true }));
    assert_snapshot!(bench.text());
}

#[test]
fn an_input_says_who_completes_it_whatever_the_definition_says() {
    let step = step_with("HTTP", "h", json!({ "uri": "x", "asyncComplete": false }));
    assert_snapshot!(start(with(step, json!({ "asyncComplete": true }))).text());
}

#[test]
fn lost_attempts_time_out_after_an_hour_and_may_be_retried() {
    let mut bench = start(http(json!({ "retryCount": 1 })));
    bench.worker("h").takes();
    bench.wait(3600);
    assert_snapshot!(bench.text());
}
