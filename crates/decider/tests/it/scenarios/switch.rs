//! SWITCH (`conductor-semantics` 5.7 and 11 F).

use fermata_decider::needs::Evaluated;
use fermata_types::Payload;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, simple, step, switch, with};
use crate::bench::{Bench, given};

fn choose(input: Value) -> Bench {
    let cases = json!({ "one": [simple("a"), simple("b")], "empty": [] });
    let tasks =
        json!([switch("s", "${workflow.input.on}", cases, json!([simple("d")])), simple("z")]);
    given(tasks).start(json!({ "on": input }))
}

#[test]
fn a_matching_case_runs_to_what_follows_the_switch() {
    let mut bench = choose(json!("one"));
    bench.worker("a").completes(json!({}));
    bench.worker("b").completes(json!({}));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn no_match_takes_the_default_and_an_empty_case_takes_nothing() {
    let mut text = String::new();
    for on in [json!("two"), json!("empty")] {
        let mut bench = choose(on);
        if bench.root().tasks.len() == 2 && bench.root().tasks[1].step.0 == 3 {
            bench.worker("d").completes(json!({}));
        }
        text += &bench.outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn without_a_default_the_run_goes_on() {
    let tasks = json!([switch("s", "x", json!({ "one": [simple("a")] }), json!([]))]);
    assert_snapshot!(given(tasks).start(json!({})).text());
}

#[test]
fn values_become_case_names() {
    for (value, case) in [
        (json!(null), "null"),
        (json!(1), "1"),
        (json!(1.5), "1.5"),
        (json!(true), "true"),
        (json!(false), "false"),
        (json!("text"), "text"),
    ] {
        let tasks =
            json!([switch("s", "${workflow.input.on}", json!({ case: [simple("a")] }), json!([]))]);
        let bench = given(tasks).start(json!({ "on": value }));
        assert_eq!(bench.root().tasks.len(), 2, "{case}");
        let expected = format!("\"selectedCase\":\"{case}\"");
        assert!(bench.outcome().contains(&expected), "{}", bench.outcome());
    }
}

fn javascript(expression: &str) -> Bench {
    let more = json!({ "evaluatorType": "javascript", "expression": expression,
        "inputParameters": { "n": 3 },
        "decisionCases": { "3": [simple("a")], "true": [simple("b")] } });
    given(json!([with(step("SWITCH", "s"), more), simple("z")]))
        .scripts(|source, input| match source {
            "$.n + 0" => Evaluated::Value(Payload::from_value(&input["n"])),
            "hang()" => Evaluated::TimedOut(
                "Script not evaluated within 4 seconds, interrupted.".to_owned(),
            ),
            other => Evaluated::Failed(format!("Error evaluating the script `{other}` at line 1")),
        })
        .start(json!({}))
}

#[test]
fn scripts_choose() {
    assert_snapshot!(javascript("$.n + 0").text());
    assert_snapshot!("natively", javascript("$.n == 3").outcome());
}

#[test]
fn a_failing_script_fails_the_run() {
    assert_snapshot!(javascript("oops(").text());
    assert_snapshot!("interrupted", javascript("hang()").outcome());
}

#[test]
fn an_unknown_evaluator_fails_the_run() {
    let more = json!({ "evaluatorType": "cobol", "expression": "x", "decisionCases": {} });
    assert_snapshot!(given(json!([with(step("SWITCH", "s"), more)])).start(json!({})).text());
}

#[test]
fn an_optional_switch_that_fails_is_passed_over() {
    let more = json!({ "evaluatorType": "javascript", "expression": "oops(", "optional": true,
        "decisionCases": { "a": [simple("a")] } });
    let bench = given(json!([with(step("SWITCH", "s"), more), simple("z")])).start(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_ends_of_nested_switches_lead_to_what_follows_the_outermost() {
    let inner = switch("s2", "y", json!({ "y": [simple("a")] }), json!([]));
    let middle = switch("s1", "x", json!({ "x": [inner] }), json!([]));
    let mut bench = given(json!([middle, simple("z")])).start(json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_fork_in_a_case() {
    let case = json!([fork("f", json!([[simple("a")], [simple("b")]])), join("j", &["a", "b"])]);
    let mut bench = given(json!([switch("s", "x", json!({ "x": case }), json!([])), simple("z")]))
        .start(json!({}));
    bench.worker("a").completes(json!({}));
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_switch_alone_satisfies_a_join_that_names_it() {
    let branch = switch("s", "x", json!({ "x": [simple("a")] }), json!([]));
    let tasks =
        json!([fork("f", json!([[branch], [simple("b")]])), join("j", &["s", "b"]), simple("z")]);
    let mut bench = given(tasks).start(json!({}));
    bench.worker("b").completes(json!({}));
    bench.worker("z").completes(json!({}));
    assert_eq!(bench.root().status.as_str(), "RUNNING", "the case's task is open");
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}
