//! DYNAMIC (`conductor-semantics` 5.10).

use fermata_types::RunStatus;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{join, repeat, step, step_with, with};
use crate::bench::{Catalog, given, given_with};

fn dynamic(input: Value) -> Value {
    with(step_with("DYNAMIC", "d", input), json!({ "dynamicTaskNameParam": "which" }))
}

#[test]
fn it_becomes_the_task_it_names() {
    let catalog = Catalog::default().task(json!({
        "name": "work", "retryCount": 1, "retryDelaySeconds": 5,
        "inputTemplate": { "url": "there" },
    }));
    let d = dynamic(json!({ "which": "${workflow.input.name}", "n": 1 }));
    let definition = json!({ "name": "w", "tasks": [d] });
    let mut bench = given_with(definition, catalog).start(json!({ "name": "work" }));
    bench.worker("d").fails("once");
    bench.worker("d").completes(json!({ "x": 1 }));
    assert_snapshot!(bench.text());
}

#[test]
fn an_unregistered_name_is_not_retried() {
    let mut bench = given(json!([dynamic(json!({ "which": "nobody" }))])).start(json!({}));
    bench.worker("d").fails("no");
    assert_eq!(bench.root().status, RunStatus::Failed);
}

#[test]
fn a_system_type_is_performed() {
    let d = dynamic(json!({ "which": "INLINE", "evaluatorType": "value-param",
        "expression": "x", "x": 7 }));
    assert_snapshot!(given(json!([d])).start(json!({})).outcome());
    let catalog = Catalog::default().workflow(json!({ "name": "child", "tasks": [] }));
    let d = with(
        dynamic(json!({ "which": "SUB_WORKFLOW", "n": 1 })),
        json!({ "subWorkflowParam": { "name": "child" } }),
    );
    let definition = json!({ "name": "w", "tasks": [d] });
    assert_snapshot!("as_sub_workflow", given_with(definition, catalog).start(json!({})).outcome());
}

#[test]
fn each_iteration_may_be_another_task() {
    let d = dynamic(json!({ "which": "w${l.output.iteration}" }));
    let mut bench = given(json!([repeat("l", "$.l.iteration < 2", json!([d]))])).start(json!({}));
    bench.worker("d__1").completes(json!({}));
    bench.worker("d__2").completes(json!({}));
    assert_snapshot!(bench.text());
}

#[test]
fn a_branch_of_a_dynamic_fork_may_be_dynamic() {
    let fork = with(
        step_with(
            "FORK_JOIN_DYNAMIC",
            "f",
            json!({
                "list": [with(step("DYNAMIC", "d"), json!({ "dynamicTaskNameParam": "which" }))],
                "given": { "d": { "which": "work", "n": 1 } },
            }),
        ),
        json!({ "dynamicForkTasksParam": "list", "dynamicForkTasksInputParamName": "given" }),
    );
    let mut bench = given(json!([fork, join("j", &[])])).start(json!({}));
    bench.worker("d").completes(json!({ "x": 1 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn bad_names_fail_the_run() {
    let mut all = String::new();
    for which in [json!(null), json!(""), json!(7), json!("n".repeat(2000)), json!("SWITCH")] {
        let bench = given(json!([dynamic(json!({ "which": which }))])).start(json!({}));
        assert_eq!(bench.root().status, RunStatus::Failed, "{which}");
        all.push_str(&bench.outcome());
    }
    assert_snapshot!(all);
}
