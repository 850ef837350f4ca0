//! JSON_JQ_TRANSFORM (`conductor-semantics` 5.21).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{simple, step_with, with};
use crate::bench::{Bench, given};

fn query(input: Value) -> Bench {
    given(json!([step_with("JSON_JQ_TRANSFORM", "q", input), simple("z")]))
        .scripts(|query, input| match query {
            "none" => Evaluated::Value(Payload::from_value(&json!([]))),
            "many" => Evaluated::Value(Payload::from_value(&json!([input["n"], input]))),
            "hang" => {
                Evaluated::TimedOut("Query not evaluated within 4 seconds, interrupted.".to_owned())
            }
            _ => Evaluated::Failed("undefined filter nosuch".to_owned()),
        })
        .start(json!({ "n": 2 }))
}

#[test]
fn results_are_the_first_and_the_list_of_all() {
    let input = json!({ "n": "${workflow.input.n}", "queryExpression": "many" });
    assert_snapshot!(query(input).text());
    assert_snapshot!("no_result", query(json!({ "queryExpression": "none" })).text());
}

#[test]
fn what_cannot_be_evaluated_fails_the_task() {
    let mut text = String::new();
    for input in [
        json!({ "queryExpression": "nosuch" }),
        json!({ "queryExpression": "hang" }),
        json!({ "queryExpression": 7 }),
        json!({ "queryExpression": null }),
        json!({}),
    ] {
        text += &query(input).outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn a_failed_query_may_be_retried() {
    let step = step_with("JSON_JQ_TRANSFORM", "q", json!({ "queryExpression": "nosuch" }));
    let bench = given(json!([with(step, json!({ "retryCount": 1 }))]))
        .scripts(|_, _| Evaluated::Failed("no".to_owned()))
        .start(json!({}));
    assert_snapshot!(bench.outcome());
}
