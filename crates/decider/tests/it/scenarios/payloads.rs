//! Payloads over their hard limits (`conductor-semantics` 10.1 and 11 O5).

use fermata_decider::command::ReportedStatus;
use fermata_types::{PayloadLimits, Threshold};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, inline, join, once, repeat, simple, step, step_with, sub_workflow, switch, terminate,
    with,
};
use crate::bench::{Bench, Catalog, given, given_with};

/// Every payload may have 100 bytes, those of tasks 80.
fn limits() -> PayloadLimits {
    let of = |hard| Threshold { soft: 0, hard };
    PayloadLimits {
        workflow_input: of(100),
        workflow_output: of(100),
        task_input: of(80),
        task_output: of(80),
        variables: 60,
        message: 70,
    }
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn start(tasks: Value) -> Bench {
    start_with(json!({ "name": "w", "tasks": tasks }), Catalog::default())
}

fn start_with(definition: Value, catalog: Catalog) -> Bench {
    given_with(definition, catalog).limits(limits()).start(json!({ "big": text(85) }))
}

fn big(kind: &str, reference: &str) -> Value {
    step_with(kind, reference, json!({ "big": "${workflow.input.big}" }))
}

#[test]
fn an_output_over_the_limit_fails_the_task_for_good() {
    let mut bench = start(json!([with(simple("a"), json!({ "retryCount": 3 }))]));
    bench.worker("a").completes(json!({ "x": text(80) }));
    assert_snapshot!(bench.text());
}

#[test]
fn output_so_far_over_the_limit_fails_it_too() {
    let mut bench = start(json!([simple("a")]));
    bench.worker("a").goes_on(json!({ "x": text(10) }), 0);
    bench.worker("a").goes_on(json!({ "x": text(80) }), 0);
    assert_snapshot!(bench.outcome());
}

#[test]
fn outputs_merged_by_reference_are_weighed_together() {
    let mut bench = start(json!([simple("a")]));
    bench.by_reference("a", ReportedStatus::InProgress, json!({ "x": text(50) }));
    bench.by_reference("a", ReportedStatus::Completed, json!({ "y": text(50) }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_tolerated_task_is_forgiven_all_the_same() {
    let mut bench = start(json!([with(simple("a"), json!({ "optional": true })), simple("z")]));
    bench.worker("a").completes(json!({ "x": text(80) }));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

/// Whatever would have begun with the task does not: no queue, no child, no branch.
#[test]
fn an_input_over_the_limit_fails_every_kind_of_task() {
    let catalog = Catalog::default().workflow(json!({ "name": "c", "tasks": [simple("x")] }));
    let on = "${workflow.input.big}";
    for step in [
        big("SIMPLE", "a"),
        with(sub_workflow("a", "c"), json!({ "inputParameters": { "big": on } })),
        big("WAIT", "a"),
        big("HUMAN", "a"),
        big("INLINE", "a"),
        big("SET_VARIABLE", "a"),
        big("LAMBDA", "a"),
        big("TERMINATE", "a"),
        big("PULL_WORKFLOW_MESSAGES", "a"),
        big("NOOP", "a"),
        switch("a", on, json!({ "b": [simple("b")] }), json!([simple("d")])),
        with(repeat("a", "true", json!([simple("b")])), json!({ "inputParameters": { "b": on } })),
    ] {
        let definition = json!({ "name": "w", "tasks": [step.clone()] });
        let bench = start_with(definition, catalog.clone());
        let run = bench.root();
        let first = &run.tasks[0];
        assert_eq!(run.status.as_str(), "FAILED", "{step}");
        assert_eq!(first.status.as_str(), "FAILED_WITH_TERMINAL_ERROR", "{step}");
        assert!(first.reason().is_some_and(|why| why.starts_with("The payload size: ")), "{step}");
        assert_eq!((run.tasks.len(), bench.runs.len()), (1, 1), "{step}");
        assert!(bench.driven(0).queued.is_empty(), "{step}");
    }
    assert_snapshot!(start(json!([big("SIMPLE", "a")])).text());
}

#[test]
fn an_optional_branch_with_too_large_an_input_is_forgiven() {
    let mut tolerated = start(json!([
        fork("f", json!([[with(big("SIMPLE", "a"), json!({ "optional": true }))], [simple("b")]])),
        join("j", &["a", "b"]),
    ]));
    tolerated.worker("b").completes(json!({}));
    assert_snapshot!(tolerated.outcome());
}

#[test]
fn what_the_server_makes_itself_is_weighed_too() {
    let tasks = json!([inline("i", "${workflow.input.half}${workflow.input.half}")]);
    let bench = given(tasks).limits(limits()).start(json!({ "half": text(30) }));
    let reason = bench.root().reason.clone().unwrap_or_default();
    assert!(
        bench.root().status.as_str() == "FAILED" && reason.contains("payload size"),
        "{reason}"
    );
}

#[test]
fn a_childs_output_and_its_input() {
    let catalog = Catalog::default().workflow(json!({ "name": "c", "tasks": [once("x")] }));
    let definition = json!({ "name": "w", "tasks": [sub_workflow("s", "c")] });
    let wide = PayloadLimits { task_input: Threshold { soft: 0, hard: 900 }, ..limits() };
    let mut bench = given_with(definition.clone(), catalog.clone()).limits(wide).start(json!({}));
    // Without inputs of its own the child is given all parameters of the task: too much.
    assert_snapshot!(bench.outcome());
    let wide = PayloadLimits { workflow_input: Threshold { soft: 0, hard: 900 }, ..wide };
    bench = given_with(definition, catalog).limits(wide).start(json!({}));
    bench.worker_in(1, "x").completes(json!({ "n": text(40) }));
    assert_snapshot!("output_of_a_child", bench.outcome());
}

#[test]
fn a_run_whose_output_is_too_large_fails() {
    let definition = |tasks: Value| {
        json!({ "name": "w", "tasks": tasks, "outputParameters": {
            "a": "${workflow.input.big}", "b": "${workflow.input.big}" } })
    };
    let bench = start_with(definition(json!([step("NOOP", "n")])), Catalog::default());
    assert_snapshot!(bench.outcome());
    // One that ends for another reason keeps it, and has no output.
    let failing = definition(json!([terminate("t", "FAILED")]));
    assert_snapshot!("ended_otherwise", start_with(failing, Catalog::default()).outcome());
}

#[test]
fn variables_over_their_own_limit() {
    let bench = start(json!([step_with("SET_VARIABLE", "s", json!({ "v": text(60) }))]));
    assert_snapshot!(bench.outcome());
}

#[test]
fn messages_are_refused_or_left_for_the_next_task() {
    let pull = step_with("PULL_WORKFLOW_MESSAGES", "p", json!({ "batchSize": 10 }));
    let wide = PayloadLimits { task_output: Threshold { soft: 0, hard: 700 }, ..limits() };
    let tasks = json!([
        simple("a"),
        pull,
        repeat(
            "l",
            "$.l.iteration < 1",
            json!([step_with("PULL_WORKFLOW_MESSAGES", "q", json!({ "batchSize": 10 })),])
        )
    ]);
    let mut bench = given(tasks).limits(wide).start(json!({}));
    for n in 0..4 {
        bench.message(&format!("m{n}"), json!({ "x": text(40), "n": n }));
    }
    bench.message("large", json!({ "x": text(70) }));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}
