//! DECISION (`conductor-semantics` 5.8 and 11 F8).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, repeat, simple, step, terminate, with};
use crate::bench::{Bench, given};

fn decision(reference: &str, on: &str, cases: Value, default: Value) -> Value {
    let more = json!({
        "caseValueParam": "on", "inputParameters": { "on": on },
        "decisionCases": cases, "defaultCase": default,
    });
    with(step("DECISION", reference), more)
}

fn scripted(source: &str) -> Value {
    let more = json!({
        "caseExpression": source, "inputParameters": { "x": "${workflow.input.x}" },
        "decisionCases": { "a": [simple("a")] }, "defaultCase": [simple("d")],
    });
    with(step("DECISION", "s"), more)
}

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({ "x": "a", "n": 3 }))
}

#[test]
fn a_matching_case_runs_and_what_follows_runs_after_it() {
    let cases = json!({ "a": [simple("a"), simple("b")], "c": [simple("c")] });
    let mut bench =
        start(json!([decision("s", "${workflow.input.x}", cases, json!([])), simple("z")]));
    for reference in ["a", "b", "z"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn no_match_takes_the_default_and_so_does_an_empty_case() {
    for on in ["other", "empty"] {
        let cases = json!({ "a": [simple("a")], "empty": [] });
        let mut bench = start(json!([decision("s", on, cases, json!([simple("d")])), simple("z")]));
        bench.worker("d").completes(json!({}));
        bench.worker("z").completes(json!({}));
        assert_eq!(bench.root().status.as_str(), "COMPLETED", "{on}");
    }
}

#[test]
fn no_match_and_no_default_goes_on() {
    let cases = json!({ "a": [simple("a")] });
    let mut bench =
        start(json!([decision("s", "${workflow.input.none}", cases, json!([])), simple("z")]));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_number_is_taken_as_its_text() {
    let cases = json!({ "3": [simple("three")] });
    let bench = start(json!([decision("s", "${workflow.input.n}", cases, json!([simple("d")]))]));
    assert_eq!(bench.root().tasks.len(), 2);
    assert_snapshot!(bench.outcome());
}

#[test]
fn an_expression_decides() {
    let mut bench = start(json!([scripted("$.x == 'a' ? 'a' : 'b'")]));
    bench.worker("a").completes(json!({}));
    let mut scripts = given(json!([scripted("pick($.x)")]))
        .scripts(|_, _| Evaluated::Value(Payload::from_value(&json!("elsewhere"))))
        .start(json!({ "x": 1 }));
    scripts.worker("d").completes(json!({}));
    assert_snapshot!(bench.outcome() + &scripts.outcome());
}

#[test]
fn a_script_that_fails_fails_the_run() {
    let bench = given(json!([scripted("oops(")]))
        .scripts(|_, _| Evaluated::Failed("it does not parse".to_owned()))
        .start(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_case_may_fork_nest_and_terminate() {
    let inner = decision(
        "i",
        "${workflow.input.x}",
        json!({ "a": [terminate("t", "COMPLETED")] }),
        json!([]),
    );
    let cases = json!({ "a": [
        fork("f", json!([[simple("b")], [simple("c")]])), join("j", &["b", "c"]), inner,
    ] });
    let mut bench =
        start(json!([decision("s", "${workflow.input.x}", cases, json!([])), simple("z")]));
    bench.worker("c").completes(json!({}));
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn in_the_body_of_a_loop() {
    let body = json!([decision(
        "s",
        "${l.output.iteration}",
        json!({ "1": [simple("a")] }),
        json!([simple("b")])
    )]);
    let mut bench = start(json!([repeat("l", "$.l.iteration < 2", body)]));
    bench.worker("a").completes(json!({ "n": 1 }));
    bench.worker("b").completes(json!({ "n": 2 }));
    assert_snapshot!(bench.outcome());
}
