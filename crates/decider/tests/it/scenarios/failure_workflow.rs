//! The failure workflow (`conductor-semantics` 4.13 and 11 L8, L9; quirks 27, 68, 71 fixed).

use fermata_decider::run::plan::failure::OUTPUT_KEY;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{once, simple, sub_workflow, terminate, with};
use crate::bench::{Bench, Catalog, given_with};

fn catalog() -> Catalog {
    Catalog::default().workflow(json!({ "name": "fw", "version": 2, "tasks": [once("repair")] }))
}

fn given(tasks: Value, more: Value) -> Bench {
    let definition = json!({ "name": "w", "failureWorkflow": "fw", "tasks": tasks });
    given_with(with(definition, more), catalog())
}

fn start(tasks: Value) -> Bench {
    given(tasks, json!({})).start(json!({ "v": 5 }))
}

/// The input of the run that was started last.
fn input_of_last(bench: &Bench) -> Value {
    let last = bench.runs.last().expect("a run");
    match last.events.first().map(|(_, event)| event) {
        Some(fermata_decider::Event::RunStarted(origin)) => origin.input.to_value(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_hears_of_the_whole_run() {
    let mut bench = start(json!([simple("a"), once("b")]));
    bench.worker("a").completes(json!({ "x": 1 }));
    bench.worker("b").fails("no");
    assert_snapshot!(bench.outcome());
    let input = input_of_last(&bench);
    let failed = &input["failedWorkflow"];
    assert_eq!(input["v"], json!(5), "the input is handed on");
    assert_eq!(input["failureStatus"], json!("FAILED"));
    assert_eq!(input["failureTaskId"], failed["tasks"][1]["taskId"]);
    assert_eq!(failed["tasks"][0]["outputData"], json!({ "x": 1 }));
    assert_eq!(failed["tasks"][1]["status"], json!("FAILED"));
    assert_eq!(failed["failedReferenceTaskNames"], json!(["b"]));
    assert_eq!(failed["input"], json!({ "v": 5 }));
    assert!(failed["output"].get(OUTPUT_KEY).is_none(), "taken before the key is there");
}

#[test]
fn a_run_that_times_out_starts_it() {
    let timeout = json!({ "timeoutSeconds": 60, "timeoutPolicy": "TIME_OUT_WF" });
    let mut bench = given(json!([simple("a")]), timeout).start(json!({}));
    bench.wait(60);
    assert_snapshot!(bench.outcome());
    let input = input_of_last(&bench);
    assert_eq!(input["failureStatus"], json!("TIMED_OUT"));
    assert_eq!(input.get("failureTaskId"), None);
    assert_eq!(input["failedWorkflow"]["tasks"][0]["status"], json!("CANCELED"));
}

#[test]
fn a_task_that_times_out_is_shown_so() {
    let catalog = catalog().task(json!({ "name": "a", "timeoutSeconds": 5, "retryCount": 0,
        "timeoutPolicy": "TIME_OUT_WF" }));
    let definition = json!({ "name": "w", "failureWorkflow": "fw", "tasks": [simple("a")] });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.worker("a").takes();
    bench.wait(5);
    let input = input_of_last(&bench);
    assert_eq!(input["failedWorkflow"]["tasks"][0]["status"], json!("TIMED_OUT"));
    assert_eq!(input["failedWorkflow"]["status"], json!("TIMED_OUT"));
}

#[test]
fn terminate_tasks_and_canceled_tasks_start_it() {
    for status in ["FAILED", "TERMINATED"] {
        let bench = start(json!([terminate("t", status)]));
        assert_eq!(bench.runs.len(), 2, "{status}");
        assert_eq!(input_of_last(&bench)["failureStatus"], json!(status));
    }
    assert_eq!(start(json!([terminate("t", "COMPLETED")])).runs.len(), 1);
    let mut bench = start(json!([simple("a")]));
    bench.worker("a").cancels("not now");
    assert_eq!(input_of_last(&bench)["failureStatus"], json!("TERMINATED"));
}

#[test]
fn a_termination_from_outside_starts_it_only_if_asked_to() {
    let mut bench = start(json!([simple("a")]));
    bench.terminate("enough");
    assert_eq!(bench.runs.len(), 1);
    let mut bench = start(json!([simple("a")]));
    bench.terminate_with_failure_workflow("enough");
    assert_snapshot!(bench.outcome());
    assert_eq!(input_of_last(&bench)["reason"], json!("enough"));
}

#[test]
fn it_is_started_once_also_when_a_failed_run_is_terminated() {
    let mut bench = start(json!([once("a")]));
    bench.worker("a").fails("no");
    bench.terminate_with_failure_workflow("enough");
    assert_eq!(bench.runs.len(), 2);
}

#[test]
fn a_child_starts_its_own_and_not_one_that_its_parent_ends() {
    let child = json!({ "name": "c", "failureWorkflow": "fw", "tasks": [once("x")] });
    let tasks = json!([with(sub_workflow("s", "c"), json!({ "retryCount": 0 }))]);
    let definition = json!({ "name": "w", "failureWorkflow": "fw", "tasks": tasks });
    let start =
        || given_with(definition.clone(), catalog().workflow(child.clone())).start(json!({}));
    let mut bench = start();
    bench.worker_in(1, "x").fails("no");
    assert_snapshot!(bench.outcome());
    assert_eq!(bench.runs.len(), 4, "the child's and the parent's own");
    let mut bench = start();
    bench.terminate("enough");
    assert_eq!(bench.runs.len(), 2, "none for a child that was ended by its parent");
}

#[test]
fn its_name_may_come_from_the_input() {
    for given in ["$workflow.input.fw", "${workflow.input.fw}"] {
        let mut bench = self::given(json!([once("a")]), json!({ "failureWorkflow": given }))
            .start(json!({ "fw": "fw" }));
        bench.worker("a").fails("no");
        assert_eq!(bench.runs.len(), 2, "{given}");
    }
}

#[test]
fn what_cannot_be_started_is_told_in_the_output() {
    let named = ["nobody", "$workflow.input.fw", "$"];
    let outcomes: Vec<String> = named
        .into_iter()
        .map(|name| {
            let more = json!({ "failureWorkflow": name });
            let mut bench = given(json!([once("a")]), more).start(json!({}));
            bench.worker("a").fails("no");
            bench.outcome()
        })
        .collect();
    assert_snapshot!(outcomes.join("\n"));
    let version = json!({ "failureWorkflowVersion": 1 });
    let mut bench = given(json!([once("a")]), version).start(json!({}));
    bench.worker("a").fails("no");
    assert_snapshot!("no_such_version", bench.outcome());
}

#[test]
fn a_run_without_tasks_completes_and_starts_none() {
    assert_eq!(start(json!([])).runs.len(), 1);
}
