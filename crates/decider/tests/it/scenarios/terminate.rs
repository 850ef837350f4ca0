//! TERMINATE (`conductor-semantics` 5.13 and 11 L7).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, join, repeat, simple, step_with, sub_workflow, switch, terminate, with,
};
use crate::bench::{Bench, Catalog, given, given_with};

fn start(tasks: Value) -> Bench {
    given(tasks).start(json!({ "why": "because", "status": "FAILED" }))
}

#[test]
fn each_status() {
    let mut text = String::new();
    for status in ["COMPLETED", "FAILED", "TERMINATED", "PAUSED"] {
        text += &start(json!([terminate("t", status), simple("z")])).outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn each_form_of_output() {
    let mut text = String::new();
    for output in [
        json!({ "a": "${workflow.input.why}" }),
        json!("${workflow.input.why}"),
        json!([1]),
        json!(null),
    ] {
        let input = json!({ "terminationStatus": "${workflow.input.status}",
            "terminationReason": "it is ${workflow.input.why}", "workflowOutput": output });
        text += &start(json!([step_with("TERMINATE", "t", input)])).outcome();
    }
    assert_snapshot!(text);
}

#[test]
fn output_parameters_are_ignored() {
    let definition = json!({ "name": "w", "outputParameters": { "x": 1 },
        "tasks": [terminate("t", "COMPLETED")] });
    let bench = given_with(definition, Catalog::default()).start(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn open_siblings_are_canceled_and_children_ended() {
    let catalog = Catalog::default().workflow(json!({ "name": "c", "tasks": [simple("x")] }));
    let tasks = json!([
        fork(
            "f",
            json!([
                [simple("a")],
                [sub_workflow("s", "c")],
                [simple("b"), terminate("t", "COMPLETED")]
            ])
        ),
        join("j", &["a", "s", "t"]),
    ]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn inside_a_loop_and_a_case() {
    let case = switch(
        "s",
        "${l.output.iteration}",
        json!({ "2": [terminate("t", "COMPLETED")] }),
        json!([]),
    );
    let mut bench = start(json!([repeat("l", "true", json!([simple("a"), case])), simple("z")]));
    bench.worker("a").completes(json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn only_the_child_ends() {
    let mut text = String::new();
    for status in ["COMPLETED", "FAILED", "TERMINATED"] {
        let child = json!({ "name": "c", "tasks": [terminate("t", status), simple("x")] });
        let catalog = Catalog::default().workflow(child);
        let tasks = json!([with(sub_workflow("s", "c"), json!({ "optional": true })), simple("z")]);
        let definition = json!({ "name": "w", "tasks": tasks });
        text += &given_with(definition, catalog).start(json!({})).outcome();
    }
    assert_snapshot!(text);
}
