//! FORK_JOIN_DYNAMIC (`conductor-semantics` 5.4 and 11 E).

use fermata_decider::run::dynamic::shown;
use fermata_types::{Payload, RunStatus};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::steps::{
    fork, inline, join, once, repeat, simple, step, step_with, sub_workflow, switch, with,
};
use crate::bench::{Bench, Catalog, given, given_with};

/// A fork of `forkTaskInputs`, its JOIN behind it.
fn elements(input: Value) -> Vec<Value> {
    vec![step_with("FORK_JOIN_DYNAMIC", "f", input), join("j", &[])]
}

/// A fork of a list of tasks and a map of their inputs.
fn listed(tasks: Value, inputs: Value) -> Vec<Value> {
    let names = json!({
        "dynamicForkTasksParam": "list", "dynamicForkTasksInputParamName": "given",
    });
    let input = json!({ "list": tasks, "given": inputs });
    vec![with(step_with("FORK_JOIN_DYNAMIC", "f", input), names), join("j", &[])]
}

fn then(mut steps: Vec<Value>, last: Value) -> Value {
    steps.push(last);
    Value::Array(steps)
}

fn started(steps: Vec<Value>) -> Bench {
    given(Value::Array(steps)).start(json!({}))
}

/// What a task shows as its input.
fn shown_input(bench: &Bench, number: u32) -> Value {
    let driven = bench.runs.first().expect("the root");
    let task = driven.run.task(fermata_types::TaskNumber(number)).expect("a task");
    let stored = driven.payload(task.input);
    shown::input(&driven.run, task, stored).to_value()
}

#[test]
fn one_branch_for_each_element() {
    let input = json!({
        "forkTaskName": "work",
        "forkTaskInputs": [{ "n": 1 }, "two", { "n": "${workflow.correlationId}" }],
    });
    let z = with(simple("z"), json!({ "inputParameters": { "one": "${j.output._work_1.got}" } }));
    let mut bench = given(then(elements(input), z)).start(json!({}));
    assert_eq!(shown_input(&bench, 1)["forkedTasks"], json!(["_work_0", "_work_1", "_work_2"]));
    assert_eq!(
        shown_input(&bench, 1)["forkedTaskDefs"][1]["inputParameters"],
        json!({ "input": "two", "__index": 1 })
    );
    assert_eq!(shown_input(&bench, 5)["joinOn"], json!(["_work_0", "_work_1", "_work_2"]));
    bench.worker("_work_1").completes(json!({ "got": 2 }));
    bench.worker("_work_2").completes(json!({}));
    bench.worker("_work_0").completes(json!({ "got": 0 }));
    assert_snapshot!(bench.text());
}

#[test]
fn the_second_fork_of_a_run_prefixes_its_references() {
    let input = json!({ "forkTaskName": "w", "forkTaskInputs": [1] });
    let mut steps = elements(input.clone());
    steps.push(step_with("FORK_JOIN_DYNAMIC", "g", input));
    steps.push(join("k", &[]));
    let mut bench = started(steps);
    bench.worker("_w_0").completes(json!({ "n": 1 }));
    bench.worker("_g_w_0").completes(json!({ "n": 2 }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn tasks_and_their_inputs() {
    let tasks = json!([
        with(simple("a"), json!({ "inputParameters": { "own": 1, "both": 1 } })),
        with(simple("b"), json!({ "name": "a" })),
        step_with("INLINE", "c", json!({ "evaluatorType": "value-param", "expression": "x" })),
        step("WAIT", "d"),
        step("MINE", "e"),
    ]);
    let inputs = json!({ "a": { "both": 2 }, "c": { "x": "here" } });
    let mut bench = started(listed(tasks, inputs));
    for reference in ["a", "b", "e", "d"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn the_deprecated_form() {
    let catalog = Catalog::default().workflow(json!({ "name": "child", "tasks": [simple("x")] }));
    let f = with(
        step_with(
            "FORK_JOIN_DYNAMIC",
            "f",
            json!({ "all": { "dynamicTasks": [
            { "taskName": "work", "referenceName": "r1", "input": { "n": 1 } },
            { "workflowName": "child", "referenceName": "r2", "type": "SUB_WORKFLOW",
              "input": { "n": 2 } },
        ] } }),
        ),
        json!({ "dynamicForkJoinTasksParam": "all" }),
    );
    let definition = json!({ "name": "w", "tasks": [f, join("j", &[])] });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.worker("r1").completes(json!({}));
    bench.worker_in(1, "x").completes(json!({ "done": true }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn no_branches_at_all() {
    for steps in [
        elements(json!({ "forkTaskName": "w", "forkTaskInputs": [] })),
        listed(json!([]), json!({})),
    ] {
        let mut bench = given(then(steps, simple("z"))).start(json!({}));
        assert_eq!(shown_input(&bench, 1), json!({ "forkedTasks": [], "forkedTaskDefs": [] }));
        bench.worker("z").completes(json!({}));
        assert_eq!(bench.root().status, RunStatus::Completed);
    }
}

#[test]
fn a_failing_branch_fails_the_run() {
    let mut bench = started(listed(json!([once("a"), simple("b")]), json!({})));
    bench.worker("a").fails("no");
    assert_snapshot!(bench.outcome());
}

#[test]
fn branches_are_retried_as_their_task_definition_says() {
    let catalog = Catalog::default().task(json!({
        "name": "work", "retryCount": 1, "retryDelaySeconds": 5,
        "inputTemplate": { "url": "there", "n": 0 },
    }));
    let input = json!({ "forkTaskName": "work", "forkTaskInputs": [{ "n": 1 }, { "n": null }] });
    let definition = json!({ "name": "w", "tasks": elements(input) });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.worker("_work_0").fails("first");
    bench.worker("_work_1").completes(json!({}));
    assert_eq!(bench.root().status, RunStatus::Running);
    bench.worker("_work_0").completes(json!({ "second": true }));
    assert_snapshot!(bench.text());
}

#[test]
fn expressions_in_the_data_are_evaluated_for_each_attempt() {
    let tasks = json!([with(
        simple("a"),
        json!({ "retryCount": 1,
        "inputParameters": { "own": "${CPEWF_TASK_ID}" } })
    )]);
    let f = with(
        step_with(
            "FORK_JOIN_DYNAMIC",
            "f",
            json!({
            "list": "${workflow.input.tasks}", "given": "${workflow.input.inputs}" }),
        ),
        json!({ "dynamicForkTasksParam": "list", "dynamicForkTasksInputParamName": "given" }),
    );
    let input = json!({ "tasks": tasks, "inputs": { "a": { "id": "${workflow.correlationId}" } } });
    let mut bench = given(json!([f, join("j", &[])])).start(input);
    bench.worker("a").fails("no");
    assert_snapshot!(bench.text());
}

#[test]
fn an_optional_fork_has_optional_branches() {
    let mut steps = elements(json!({ "forkTaskName": "w", "forkTaskInputs": [
        { "retryCount": 0 }, { "x": 1 },
    ] }));
    steps[0]["optional"] = json!(true);
    let mut bench = started(steps);
    bench.worker("_w_0").fails_for_good("no");
    bench.worker("_w_1").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn permissive_branches_fail_the_join_at_the_end() {
    let permissive = with(once("a"), json!({ "permissive": true }));
    let mut bench = started(listed(json!([permissive, simple("b")]), json!({})));
    bench.worker("a").fails("no");
    assert_eq!(bench.root().status, RunStatus::Running);
    bench.worker("b").completes(json!({}));
    assert_snapshot!(bench.outcome());
}

#[test]
fn sub_workflows_as_branches() {
    let child =
        |version: u32| json!({ "name": "child", "version": version, "tasks": [simple("x")] });
    let catalog = Catalog::default().workflow(child(1)).workflow(child(2));
    let input = json!({
        "forkTaskWorkflow": "child", "forkTaskWorkflowVersion": "1",
        "forkTaskInputs": [{ "n": 1 }, { "n": 2, "taskToDomain": { "x": "blue" } }],
    });
    let mut steps = elements(input);
    // Without a name of its own, and without a version: the latest one of this moment.
    let mut plain = sub_workflow("s", "child");
    plain.as_object_mut().expect("a step").remove("name");
    let mut more = listed(json!([plain]), json!({ "s": { "n": 3 } }));
    more[0]["taskReferenceName"] = json!("g");
    more[1]["taskReferenceName"] = json!("k");
    steps.append(&mut more);
    let definition = json!({ "name": "w", "tasks": steps });
    let mut bench = given_with(definition, catalog).start(json!({}));
    bench.worker_in(1, "x").completes(json!({ "n": 1 }));
    bench.worker_in(2, "x").completes(json!({ "n": 2 }));
    bench.worker_in(3, "x").completes(json!({ "n": 3 }));
    assert_snapshot!(bench.text());
}

#[test]
fn containers_as_branches() {
    let cases = json!({ "go": [simple("s1"), simple("s2")] });
    let tasks = json!([
        switch("s", "go", cases, json!([])),
        switch("t", "elsewhere", json!({ "go": [simple("t1")] }), json!([])),
        repeat("l", "$.l.iteration < 2", json!([simple("b")])),
        simple("a"),
    ]);
    // Inputs of containers are their own fields' only: given beside the tasks, they are merged.
    let mut bench = started(listed(tasks, json!({})));
    for reference in ["a", "b", "s1", "b", "s2"] {
        assert_eq!(bench.root().status, RunStatus::Running);
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn a_dynamic_fork_inside_a_fork_and_inside_its_own_kind() {
    let inner = json!([
        with(
            step_with(
                "FORK_JOIN_DYNAMIC",
                "g",
                json!({ "forkTaskName": "w",
            "forkTaskInputs": [1, 2] })
            ),
            json!({})
        ),
        join("k", &[]),
    ]);
    let branch = repeat("l", "$.l.iteration < 2", inner.clone());
    let tasks = json!([branch, simple("b")]);
    let outer = listed(tasks, json!({}));
    let steps = json!([fork("o", json!([outer, [simple("a")]])), join("p", &["j", "a"]),]);
    let mut bench = given(steps).start(json!({}));
    for reference in ["a", "_g_w_1__1", "_g_w_0__1", "_g_w_0__2", "b", "_g_w_1__2"] {
        assert_eq!(bench.root().status, RunStatus::Running);
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_dynamic_fork_in_a_loop() {
    let mut body = elements(json!({ "forkTaskName": "w",
        "forkTaskInputs": ["${l.output.iteration}", 2] }));
    body.push(inline("i", "${j.output}"));
    let mut bench = started(vec![repeat("l", "$.l.iteration < 2", json!(body))]);
    for reference in ["_w_0__1", "_w_1__1", "_f_w_1__2", "_f_w_0__2"] {
        bench.worker(reference).completes(json!({ "by": reference }));
    }
    assert_snapshot!(bench.text());
}

#[test]
fn bad_data_fails_the_run() {
    let pair = |tasks: Value, inputs: Value| listed(tasks, inputs);
    let mut all = String::new();
    let mut no_join = elements(json!({ "forkTaskInputs": [1] }));
    no_join.pop();
    let mut legacy = elements(json!({}));
    legacy[0]["dynamicForkJoinTasksParam"] = json!("all");
    let mut taken = elements(json!({ "forkTaskName": "w", "forkTaskInputs": [1] }));
    taken.insert(0, inline("_w_0", "x"));
    for (what, steps) in [
        ("no list", elements(json!({ "forkTaskInputs": { "n": 1 } }))),
        ("tasks are text", pair(json!("no"), json!({}))),
        ("a task is text", pair(json!(["no"]), json!({}))),
        ("no reference", pair(json!([{ "name": "a" }]), json!({}))),
        ("no name", pair(json!([{ "taskReferenceName": "a" }]), json!({}))),
        ("inputs are a list", pair(json!([simple("a")]), json!([1]))),
        ("no inputs", pair(json!([simple("a")]), json!(null))),
        ("twice", pair(json!([simple("a"), simple("a")]), json!({}))),
        ("taken", taken),
        ("its own name", pair(json!([simple("f")]), json!({}))),
        (
            "contents",
            pair(json!([with(step("DO_WHILE", "a"), json!({ "loopOver": [1] }))]), json!({})),
        ),
        ("a fork without its join", pair(json!([fork("x", json!([[simple("a")]]))]), json!({}))),
        ("no join", no_join),
        ("nothing in the deprecated form", legacy),
        (
            "a long name",
            elements(json!({ "forkTaskName": "n".repeat(1100), "forkTaskInputs": [1] })),
        ),
    ] {
        let bench = started(steps);
        assert_eq!(bench.root().status, RunStatus::Failed, "{what}");
        all.push_str(&format!("{what}: {}", bench.outcome()));
    }
    assert_snapshot!(all);
}

#[test]
fn more_branches_than_the_limit_fail_the_run() {
    let count = fermata_types::limits::FORK_BRANCHES_MAX as usize + 1;
    let input = json!({ "forkTaskName": "w", "forkTaskInputs": "${workflow.input.list}" });
    let bench = given(json!(elements(input))).silent(100).quick();
    let bench = bench.start(json!({ "list": vec![1; count] }));
    assert_snapshot!(bench.outcome());
}

#[test]
fn a_pause_and_a_terminate_in_the_middle() {
    let input = json!({ "forkTaskName": "w", "forkTaskInputs": [1, 2] });
    let mut bench = started(elements(input));
    bench.pause();
    bench.worker("_w_0").completes(json!({}));
    bench.resume();
    bench.terminate("enough");
    assert_snapshot!(bench.outcome());
}

#[test]
fn the_step_of_a_branch_shows_reference_and_input() {
    let bench = started(elements(json!({ "forkTaskName": "w", "forkTaskInputs": [{ "n": 1 }] })));
    let run = bench.root();
    let task = run.task(fermata_types::TaskNumber(2)).expect("the branch");
    let input = Payload::from_value(&json!({ "n": 1 }));
    let shown = shown::step_json(run, task, &input).expect("made from data");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["taskReferenceName"], "_w_0");
    assert_eq!(shown["inputParameters"], json!({ "n": 1 }));
    assert_eq!((&shown["type"], &shown["name"]), (&json!("SIMPLE"), &json!("w")));
    assert_eq!(shown["taskDefinition"]["retryCount"], 3);
}

#[test]
fn more_branches_than_an_expression_may_read() {
    let count = fermata_decider::expression::DESCENT_TASKS_MAX + 1;
    let element = json!({ "evaluatorType": "value-param", "expression": "x", "x": 1 });
    for reads in ["${f.input.forkedTasks}", "${j.input}", "${j.output}"] {
        let input = json!({ "forkTaskType": "INLINE", "forkTaskInputs": "${workflow.input.list}" });
        let mut steps = elements(input);
        steps.push(inline("i", reads));
        let bench = given(json!(steps)).silent(10_000).quick();
        let bench = bench.start(json!({ "list": vec![element.clone(); count] }));
        let shown = shown_input(&bench, 1);
        let last = shown["forkedTaskDefs"].as_array().and_then(|list| list.last()).cloned();
        let last = last.expect("a task");
        assert_eq!(last["taskReferenceName"], format!("_INLINE_{}", count - 1));
        assert_eq!(
            (&last["inputParameters"]["x"], &last["taskDefinition"]),
            (&json!(1), &Value::Null)
        );
        let why = "Error resolving the input of i: an output ranges over more than 1000 tasks";
        assert_eq!(bench.root().reason.as_deref(), Some(why), "{reads}");
    }
}

#[test]
fn elements_with_keys_of_tasks() {
    let input = json!({ "forkTaskName": "w", "forkTaskInputs": [
        { "description": "one", "items": [1], "expression": "x" },
        { "retryCount": 0, "permissive": true },
    ] });
    let mut bench = started(elements(input));
    bench.worker("_w_1").fails("no");
    bench.worker("_w_0").completes(json!({}));
    assert_snapshot!(bench.text());
}
