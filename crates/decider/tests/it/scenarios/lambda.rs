//! LAMBDA (`conductor-semantics` 5.20 and 11 M8).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::json;

use crate::bench::given;
use crate::bench::steps::step_with;

fn lambda(source: serde_json::Value) -> serde_json::Value {
    step_with("LAMBDA", "l", json!({ "scriptExpression": source, "n": "${workflow.input.n}" }))
}

#[test]
fn the_body_of_a_function_gives_the_result() {
    let bench = given(json!([lambda(json!("return $.n + 1; // more"))]))
        .scripts(|source, input| {
            assert_eq!(source, "function scriptFun(){return $.n + 1; // more\n} scriptFun();");
            Evaluated::Value(Payload::from_value(&json!([input["n"]])))
        })
        .start(json!({ "n": 4 }));
    assert_snapshot!(bench.text());
}

#[test]
fn an_error_fails_the_task() {
    let bench = given(json!([lambda(json!("return oops"))]))
        .scripts(|_, _| Evaluated::Failed("oops is not defined".to_owned()))
        .start(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn without_a_body_it_fails() {
    for body in [json!(""), json!("  "), json!(null), json!(7)] {
        let bench = given(json!([lambda(body)])).start(json!({}));
        let reason = "Empty 'scriptExpression' in Lambda task's input parameters. A non-empty \
                      String value must be provided.";
        assert_eq!(bench.root().tasks[0].status.as_str(), "FAILED");
        assert_eq!(bench.root().tasks[0].reason(), Some(reason));
    }
}
