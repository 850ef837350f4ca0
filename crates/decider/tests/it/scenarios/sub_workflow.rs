//! SUB_WORKFLOW (`conductor-semantics` 5.11 and 11 H).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{once, simple, step, step_with, sub_workflow, with};
use crate::bench::{Bench, Catalog, given, given_with};

fn child() -> Value {
    json!({ "name": "c", "version": 2, "tasks": [once("x")], "inputTemplate": { "more": 1 } })
}

fn start(step: Value) -> Bench {
    let catalog = Catalog::default().workflow(child());
    given_with(json!({ "name": "w", "tasks": [step, simple("z")] }), catalog)
        .start(json!({ "v": 5 }))
}

#[test]
fn the_childs_output_becomes_the_tasks() {
    let s =
        with(sub_workflow("s", "c"), json!({ "inputParameters": { "v": "${workflow.input.v}" } }));
    let mut bench = start(s);
    bench.worker_in(1, "x").completes(json!({ "y": 1 }));
    bench.worker("z").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn an_empty_input_hands_the_tasks_own_on() {
    assert_snapshot!(start(sub_workflow("s", "c")).text());
}

#[test]
fn a_failed_child_fails_its_parent() {
    let mut bench = start(sub_workflow("s", "c"));
    bench.worker_in(1, "x").fails("no");
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_terminated_child_terminates_its_parent() {
    let mut bench = start(sub_workflow("s", "c"));
    bench.terminate_run(1, Some("not wanted"));
    assert_snapshot!(bench.outcome());
    let mut bench = start(sub_workflow("s", "c"));
    bench.terminate_run(1, None);
    assert_snapshot!("without_a_reason", bench.outcome());
}

#[test]
fn a_terminated_parent_ends_its_children_at_every_level() {
    let catalog = Catalog::default()
        .workflow(child())
        .workflow(json!({ "name": "m", "tasks": [sub_workflow("s2", "c")] }));
    let definition = json!({ "name": "w", "tasks": [sub_workflow("s1", "m")] });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.terminate("enough");
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_parent_that_times_out_ends_its_child() {
    let definition = json!({ "name": "w", "timeoutSeconds": 60, "timeoutPolicy": "TIME_OUT_WF",
        "tasks": [sub_workflow("s", "c")] });
    let mut bench = given_with(definition, Catalog::default().workflow(child())).start(json!({}));
    bench.wait(60);
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_retry_starts_a_new_child_after_its_delay() {
    let s = with(sub_workflow("s", "c"), json!({ "retryCount": 1 }));
    let mut bench = start(s);
    bench.worker_in(1, "x").fails("no");
    assert_eq!(bench.runs.len(), 2, "not before the delay");
    bench.wait(59);
    assert_eq!(bench.runs.len(), 2, "not before the delay");
    bench.wait(1);
    bench.worker_in(2, "x").completes(json!({ "y": 2 }));
    assert_snapshot!(bench.text());
}

#[test]
fn a_start_delay_holds_the_child() {
    let mut bench = start(with(sub_workflow("s", "c"), json!({ "startDelay": 10 })));
    bench.pause();
    bench.wait(20);
    assert_eq!(bench.runs.len(), 1, "paused");
    bench.resume();
    bench.deadline();
    assert_eq!(bench.runs.len(), 2);
    bench.worker_in(1, "x").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn definitions_given_inline_or_by_an_expression() {
    let inline = json!({ "name": "i", "tasks": [simple("x")] });
    let params = json!({ "subWorkflowParam": { "name": "any", "workflowDefinition": inline } });
    let literal = with(step("SUB_WORKFLOW", "s"), params);
    assert_snapshot!(start(literal).text());
    let params = json!({ "subWorkflowParam": {
        "name": "${workflow.input.no}", "workflowDefinition": "${workflow.input.def}"
    } });
    let tasks = json!([with(step("SUB_WORKFLOW", "s"), params)]);
    let bench = given(tasks).start(json!({ "def": inline }));
    assert_snapshot!("from_an_expression", bench.outcome());
}

#[test]
fn what_cannot_be_started_fails_the_task() {
    let mut text = String::new();
    for params in [
        json!({ "name": "${workflow.input.name}" }),
        json!({ "name": "c", "version": 9 }),
        json!({ "name": "c", "version": 1, "workflowDefinition": "no definition" }),
        json!({ "version": 1 }),
    ] {
        let s = with(step("SUB_WORKFLOW", "s"), json!({ "subWorkflowParam": params }));
        text +=
            &given_with(json!({ "name": "w", "tasks": [s] }), Catalog::default().workflow(child()))
                .start(json!({ "name": "nobody" }))
                .outcome();
    }
    text += &start(step("SUB_WORKFLOW", "s")).outcome();
    assert_snapshot!(text);
}

#[test]
fn versions_zero_and_none_are_the_latest() {
    let catalog = Catalog::default()
        .workflow(json!({ "name": "c", "version": 1, "tasks": [simple("old")] }))
        .workflow(json!({ "name": "c", "version": 3, "tasks": [simple("new")] }));
    for (version, expected) in [(json!(null), 3), (json!(0), 3), (json!(1), 1), (json!("1"), 1)] {
        let params = json!({ "subWorkflowParam": { "name": "c", "version": version } });
        let definition = json!({ "name": "w", "tasks": [with(step("SUB_WORKFLOW", "s"), params)] });
        let bench = given_with(definition, catalog.clone()).start(json!({}));
        assert_eq!(bench.driven(1).run.definition.key.version, expected, "{version}");
    }
}

#[test]
fn a_tree_has_a_deepest_level() {
    let catalog = Catalog::default().workflow(child());
    let definition = json!({ "name": "w", "tasks": [sub_workflow("s", "c")] });
    let bench = given_with(definition.clone(), catalog.clone()).depth(63).start(json!({}));
    assert_eq!(bench.driven(1).run.depth, 64);
    let bench = given_with(definition, catalog).depth(64).start(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn priority_and_domains_of_the_child() {
    let catalog = Catalog::default().workflow(child());
    let params = json!({ "name": "c", "priority": 7, "taskToDomain": { "x": "own" } });
    let own = with(step("SUB_WORKFLOW", "own"), json!({ "subWorkflowParam": params }));
    let definition = json!({ "name": "w", "tasks": [own, sub_workflow("inherited", "c")] });
    let mut bench =
        given_with(definition, catalog).domains(&[("x", "given")]).priority(50).start(json!({}));
    bench.worker_in(1, "x").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn the_end_of_a_child_nobody_waits_for_is_ignored() {
    let mut bench = start(sub_workflow("s", "c"));
    bench.worker("s").completes(json!({ "forced": true }));
    bench.worker_in(1, "x").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_timeout_of_the_task_applies() {
    let catalog = Catalog::default().workflow(child()).task(json!({ "name": "s", "retryCount": 0,
        "timeoutSeconds": 10, "timeoutPolicy": "RETRY", "responseTimeoutSeconds": 5 }));
    let definition = json!({ "name": "w", "tasks": [sub_workflow("s", "c")] });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.wait(10);
    assert_snapshot!(bench.outcome());
}

#[test]
fn its_template_and_its_output_are_read_while_it_runs() {
    let catalog = Catalog::default().workflow(child());
    let tasks = json!([
        crate::bench::steps::fork(
            "f",
            json!([
                [sub_workflow("s", "c")],
                [
                    simple("a"),
                    step_with("SIMPLE", "b", json!({ "child": "${s.output.subWorkflowId}" }))
                ]
            ])
        ),
        crate::bench::steps::join("j", &["s", "b"]),
    ]);
    let mut bench = given_with(json!({ "name": "w", "tasks": tasks }), catalog).start(json!({}));
    bench.worker("a").completes(json!({}));
    assert_snapshot!(bench.text());
}
