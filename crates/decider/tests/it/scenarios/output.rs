//! What a run answers (`conductor-semantics` 7.6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{fork, join, once, simple};
use crate::bench::{Bench, Catalog, given, given_with};

fn with_output(tasks: Value) -> Bench {
    let definition = json!({ "name": "w", "tasks": tasks, "outputParameters": {
        "a": "${a.output.x}", "in": "${workflow.input.v}", "none": "${zz.output}" } });
    given_with(definition, Catalog::default()).start(json!({ "v": 5 }))
}

#[test]
fn output_parameters_are_evaluated_at_every_end() {
    let mut bench = with_output(json!([simple("a")]));
    bench.worker("a").completes(json!({ "x": 1 }));
    assert_snapshot!("completed", bench.outcome());
    let mut bench = with_output(json!([once("a")]));
    bench.worker("a").fails("no");
    assert_snapshot!("failed", bench.outcome());
    let mut bench = with_output(json!([simple("a")]));
    bench.terminate("over");
    assert_snapshot!("terminated", bench.outcome());
}

#[test]
fn without_them_the_last_task_answers() {
    let branches = json!([[simple("a")], [simple("b"), simple("c")]]);
    let mut bench = given(json!([fork("f", branches), join("j", &["a", "c"])])).start(json!({}));
    for reference in ["a", "b", "c"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn or_the_task_that_failed() {
    let branches = json!([[once("a")], [simple("b")]]);
    let mut bench = given(json!([fork("f", branches), join("j", &["a", "b"])])).start(json!({}));
    bench.worker("a").takes();
    bench.worker("a").reports(
        fermata_decider::command::ReportedStatus::Failed,
        &json!({ "half": "done" }),
        Some("no"),
    );
    assert_snapshot!(bench.outcome());
}
