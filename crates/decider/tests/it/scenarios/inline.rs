//! INLINE (`conductor-semantics` 5.19).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{simple, step_with, with};
use crate::bench::{Bench, given};

fn inline(input: Value) -> Bench {
    given(json!([step_with("INLINE", "i", input), simple("z")]))
        .scripts(|source, input| match source {
            "hang()" => Evaluated::TimedOut(
                "Script not evaluated within 4 seconds, interrupted.".to_owned(),
            ),
            "oops(" => {
                Evaluated::Failed("Error evaluating the script `oops(` at line 1".to_owned())
            }
            _ => Evaluated::Value(Payload::from_value(&json!([input["n"], source]))),
        })
        .start(json!({ "n": 2 }))
}

#[test]
fn value_param_takes_an_input() {
    assert_snapshot!(
        inline(json!({ "evaluatorType": "value-param", "expression": "x",
        "x": "${workflow.input}" }))
        .text()
    );
}

#[test]
fn scripts_give_results() {
    assert_snapshot!(
        inline(json!({ "n": "${workflow.input.n}", "expression": "[$.n].map(f)" })).text()
    );
    assert_snapshot!(
        "natively",
        inline(json!({ "n": 1, "expression": "$.n == 1 ? 'y' : 'n'" })).outcome()
    );
}

#[test]
fn what_cannot_be_evaluated_fails_the_run() {
    let mut text = String::new();
    for input in [
        json!({ "expression": "oops(" }),
        json!({ "expression": "hang()" }),
        json!({ "expression": " " }),
        json!({ "expression": "1", "evaluatorType": "cobol" }),
    ] {
        text += &inline(input).outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn a_script_out_of_time_may_be_retried() {
    let step = step_with("INLINE", "i", json!({ "expression": "hang()" }));
    let bench = given(json!([with(step, json!({ "retryCount": 1 }))]))
        .scripts(|_, _| Evaluated::TimedOut("out of time".to_owned()))
        .start(json!({}));
    assert_snapshot!(bench.outcome());
}
