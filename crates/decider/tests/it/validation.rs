//! Validation: for every rule a definition that keeps it and one that breaks it. What the broken
//! ones are told is kept as text in `snapshots/`.

use std::fmt::Write as _;

use fermata_decider::definition::validate::limits::{
    DEFINITION_BYTES_MAX, FINDINGS_MAX, TASK_DEPTH_MAX, TASKS_MAX,
};
use fermata_decider::definition::validate::{
    Finding, NameCharacters, Options, OwnerEmail, validate_task, validate_tasks, validate_workflow,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A definition that keeps a rule, and one that breaks it.
struct Pair {
    rule: &'static str,
    good: Value,
    bad: Value,
}

fn pair(rule: &'static str, good: Value, bad: Value) -> Pair {
    Pair { rule, good, bad }
}

/// Strict where the server can be told to be strict.
fn strict() -> Options<'static> {
    Options {
        owner_email: OwnerEmail::Required,
        name_characters: NameCharacters::Restricted,
        in_input_template: &|task, key| task == format!("has {key}"),
    }
}

/// What each bad definition is told, after checking that the good one is told nothing.
fn told(pairs: Vec<Pair>, validate: impl Fn(&Value) -> Vec<Finding>) -> String {
    let mut out = String::new();
    for Pair { rule, good, bad } in pairs {
        assert_eq!(validate(&good), [], "good definition for: {rule}");
        let findings = validate(&bad);
        assert!(!findings.is_empty(), "bad definition for: {rule}");
        writeln!(out, "# {rule}").expect("a string takes all");
        for Finding { path, message, invalid_value } in findings {
            let value = invalid_value.map_or(String::new(), |value| format!(" <- {value:?}"));
            writeln!(out, "[{path}]{value}\n    {message:?}").expect("a string takes all");
        }
    }
    out
}

/// A workflow definition with some fields replaced; null takes one away.
fn workflow(changes: Value) -> Value {
    let mut definition = json!({
        "name": "orders",
        "ownerEmail": "a@example.org",
        "schemaVersion": 2,
        "tasks": [{"name": "work", "taskReferenceName": "work_ref"}],
    });
    change(&mut definition, changes);
    definition
}

fn task(changes: Value) -> Value {
    let mut definition = json!({"name": "work", "ownerEmail": "a@example.org"});
    change(&mut definition, changes);
    definition
}

fn change(definition: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let map = definition.as_object_mut().expect("a definition is an object");
    map.extend(changes);
    map.retain(|_, value| !value.is_null());
}

/// A workflow of one step of a type, called `it`, with more fields.
fn step(kind: &str, fields: Value) -> Value {
    let mut step = json!({"name": "it", "taskReferenceName": "it_ref", "type": kind});
    change(&mut step, fields);
    workflow(json!({"tasks": [step]}))
}

fn simple(name: &str) -> Value {
    json!({"name": name, "taskReferenceName": format!("{name}_ref")})
}

fn with_inputs(inputs: Value) -> Value {
    let mut first = simple("first");
    change(&mut first, json!({"inputParameters": inputs}));
    workflow(json!({"tasks": [first, simple("second")]}))
}

#[test]
fn rules_about_workflows() {
    let pairs = vec![
        pair("1 name", workflow(json!({})), workflow(json!({"name": null}))),
        pair("1 name, blank", workflow(json!({})), workflow(json!({"name": " "}))),
        pair(
            "2 name characters",
            workflow(json!({"name": "a B_9 <x>{y}#-"})),
            workflow(json!({"name": "a/b"})),
        ),
        pair("3 tasks", workflow(json!({})), workflow(json!({"tasks": []}))),
        pair("3 tasks, absent", workflow(json!({})), workflow(json!({"tasks": null}))),
        pair(
            "4 schema version",
            workflow(json!({"schemaVersion": null})),
            workflow(json!({"schemaVersion": 1})),
        ),
        pair("5 owner", workflow(json!({})), workflow(json!({"ownerEmail": ""}))),
        pair(
            "7 unique reference names",
            workflow(json!({"tasks": [simple("a"), simple("b")]})),
            workflow(json!({"tasks": [
                simple("a"),
                {"name": "l", "taskReferenceName": "l", "type": "DO_WHILE", "loopCondition": "x",
                 "loopOver": [simple("a"), simple("a")]},
                {"name": "s", "taskReferenceName": "s", "type": "SWITCH",
                 "evaluatorType": "value-param", "expression": "x",
                 "decisionCases": {"c": [simple("b")]}, "defaultCase": [simple("b")]},
            ]})),
        ),
        pair(
            "8 expressions compile",
            with_inputs(json!({"a": "${workflow.input.list[?(@.x == 1)].y}", "b": "${}"})),
            with_inputs(
                json!({"a": "x ${workflow.input.a b} y", "m": {"deep": ["${second_ref[}"]}}),
            ),
        ),
        pair(
            "9 expressions start somewhere",
            with_inputs(json!({
                "a": "${second_ref.output.x}-${workflow.variables.y}", "b": "${CPEWF_TASK_ID}",
                "c": "$${nobody.x}", "d": "${workflow.secrets.S}", "e": "${$..x}", "f": 1,
                "g": "${second_ref['output'].x[${workflow.input.n}]}", "h": "${workflow.env.E}",
            })),
            with_inputs(json!({
                "a": "<${nobody.output.x}>", "m": {"deep": ["${no.x}"]},
                "n": "${workflow.input.${other.output.key}}", "e": "${HOME}",
            })),
        ),
    ];
    insta::assert_snapshot!(told(pairs, |definition| validate_workflow(definition, &strict())));
}

#[test]
fn rules_about_every_step() {
    let pairs = vec![
        pair(
            "6 names, at any depth",
            workflow(json!({})),
            workflow(json!({"tasks": [
                {},
                {"name": "", "taskReferenceName": "  ", "type": "FORK_JOIN", "forkTasks": [
                    [{"name": "x"}], [simple("y"), {"taskReferenceName": "z"}],
                ]},
                {"name": "l", "taskReferenceName": "l", "type": "DO_WHILE", "loopCondition": "x",
                 "loopOver": [{}]},
            ]})),
        ),
        pair(
            "10 start delay",
            step("SIMPLE", json!({"startDelay": 0})),
            step("SIMPLE", json!({"startDelay": -1})),
        ),
    ];
    insta::assert_snapshot!(told(pairs, |definition| validate_workflow(definition, &strict())));
}

fn branching_types() -> Vec<Pair> {
    let cases = json!({"a": [simple("x")]});
    vec![
        pair(
            "DECISION",
            step("DECISION", json!({"caseExpression": "x", "decisionCases": cases})),
            step("DECISION", json!({})),
        ),
        pair(
            "SWITCH",
            step(
                "SWITCH",
                json!({"evaluatorType": "value-param", "expression": "x", "decisionCases": cases}),
            ),
            step("SWITCH", json!({"expression": "x"})),
        ),
        pair(
            "SWITCH without expression",
            step(
                "SWITCH",
                json!({"evaluatorType": "javascript", "expression": "", "decisionCases": cases}),
            ),
            step("SWITCH", json!({"evaluatorType": "javascript", "decisionCases": cases})),
        ),
        pair(
            "FORK_JOIN",
            step("FORK_JOIN", json!({"forkTasks": [[simple("x")], []]})),
            step("FORK_JOIN", json!({"forkTasks": []})),
        ),
        pair(
            "FORK_JOIN_DYNAMIC",
            step("FORK_JOIN_DYNAMIC", json!({"inputParameters": {"forkTaskInputs": []}})),
            step("FORK_JOIN_DYNAMIC", json!({})),
        ),
        pair(
            "FORK_JOIN_DYNAMIC with the pair or one parameter",
            step(
                "FORK_JOIN_DYNAMIC",
                json!({"dynamicForkTasksParam": "a", "dynamicForkTasksInputParamName": "b"}),
            ),
            step(
                "FORK_JOIN_DYNAMIC",
                json!({"dynamicForkJoinTasksParam": "a", "dynamicForkTasksParam": "b"}),
            ),
        ),
        pair(
            "DO_WHILE",
            step("DO_WHILE", json!({"loopCondition": "", "loopOver": [simple("x")]})),
            step("DO_WHILE", json!({})),
        ),
        pair(
            "DO_WHILE over a list (quirk 48)",
            step("DO_WHILE", json!({"items": "${workflow.input.l}", "loopOver": [simple("x")]})),
            step("DO_WHILE", json!({"items": "", "loopOver": [simple("x")]})),
        ),
    ]
}

fn plain_types() -> Vec<Pair> {
    let input = |kind: &str, inputs: Value| step(kind, json!({"inputParameters": inputs}));
    vec![
        pair("EVENT", step("EVENT", json!({"sink": "conductor"})), step("EVENT", json!({}))),
        pair(
            "DYNAMIC",
            step("DYNAMIC", json!({"dynamicTaskNameParam": "t"})),
            step("DYNAMIC", json!({})),
        ),
        pair("HTTP", input("HTTP", json!({"uri": "x"})), input("HTTP", json!({"url": "x"}))),
        pair(
            "HTTP by its definition's template",
            step("HTTP", json!({"name": "has http_request"})),
            step("HTTP", json!({"name": "has uri"})),
        ),
        pair(
            "KAFKA_PUBLISH",
            input("KAFKA_PUBLISH", json!({"kafka_request": {}})),
            step("KAFKA_PUBLISH", json!({})),
        ),
        pair(
            "JSON_JQ_TRANSFORM",
            input("JSON_JQ_TRANSFORM", json!({"queryExpression": "."})),
            step("JSON_JQ_TRANSFORM", json!({})),
        ),
        pair(
            "SUB_WORKFLOW",
            step("SUB_WORKFLOW", json!({"subWorkflowParam": {"name": "x"}})),
            step("SUB_WORKFLOW", json!({})),
        ),
        pair(
            "SUB_WORKFLOW by a definition",
            step("SUB_WORKFLOW", json!({"subWorkflowParam": {"workflowDefinition": "${a.b}"}})),
            step("SUB_WORKFLOW", json!({"subWorkflowParam": {"workflowDefinition": "a"}})),
        ),
        pair(
            "TERMINATE",
            input("TERMINATE", json!({"terminationStatus": "TERMINATED"})),
            step("TERMINATE", json!({"optional": true})),
        ),
        pair(
            "TERMINATE by an expression (quirk 47)",
            input("TERMINATE", json!({"terminationStatus": "FAILED"})),
            input("TERMINATE", json!({"terminationStatus": "${workflow.input.s}"})),
        ),
        pair(
            "WAIT for a duration",
            input("WAIT", json!({"duration": "1 day 2h"})),
            input("WAIT", json!({"duration": "PT1S"})),
        ),
        pair(
            "WAIT until",
            input("WAIT", json!({"until": "2026-12-24 18:00 GMT"})),
            input("WAIT", json!({"until": "soon"})),
        ),
        pair(
            "WAIT for both",
            input("WAIT", json!({"duration": "${workflow.input.d}", "until": ""})),
            input("WAIT", json!({"duration": "1s", "until": "2026-12-24"})),
        ),
    ]
}

#[test]
fn rules_about_types_of_steps() {
    let mut pairs = branching_types();
    pairs.extend(plain_types());
    insta::assert_snapshot!(told(pairs, |definition| validate_workflow(definition, &strict())));
}

#[test]
fn rules_about_tasks() {
    let pairs = vec![
        pair("5 owner", task(json!({})), task(json!({"ownerEmail": null}))),
        pair("11 name", task(json!({})), task(json!({"name": ""}))),
        pair("12 retries", task(json!({"retryCount": 0})), task(json!({"retryCount": -1}))),
        pair(
            "13 response timeout",
            task(json!({"responseTimeoutSeconds": 1})),
            task(json!({"responseTimeoutSeconds": 0})),
        ),
        pair(
            "14 response timeout within timeout",
            task(json!({"timeoutSeconds": 60, "responseTimeoutSeconds": 60})),
            task(json!({"timeoutSeconds": 60})),
        ),
        pair(
            "15 timeout within total timeout",
            task(json!({"timeoutSeconds": 3600, "totalTimeoutSeconds": 3600})),
            task(json!({"timeoutSeconds": 3601, "totalTimeoutSeconds": 3600})),
        ),
        pair(
            "16 not negative",
            task(json!({
                "pollTimeoutSeconds": 0, "maxRetryDelaySeconds": 0, "backoffJitterMs": 0,
                "totalTimeoutSeconds": 0,
            })),
            task(json!({
                "pollTimeoutSeconds": -1, "maxRetryDelaySeconds": -1, "backoffJitterMs": -1,
                "totalTimeoutSeconds": -1,
            })),
        ),
        pair(
            "17 factor of a back-off",
            task(json!({"backoffScaleFactor": 1})),
            task(json!({"backoffScaleFactor": 0})),
        ),
    ];
    insta::assert_snapshot!(told(pairs, |definition| validate_task(definition, &strict())));
}

#[test]
fn rules_about_lists_of_tasks() {
    let pairs = vec![
        pair("18 empty list", json!([task(json!({}))]), json!([])),
        pair(
            "each task has its place",
            json!([task(json!({})), task(json!({}))]),
            json!([task(json!({})), task(json!({"name": "", "timeoutSeconds": 1}))]),
        ),
        pair("no list", json!([task(json!({}))]), json!("x")),
    ];
    insta::assert_snapshot!(told(pairs, |definitions| validate_tasks(definitions, &strict())));
}

#[test]
fn wrong_types_are_findings() {
    let pairs = vec![
        pair(
            "fields of a workflow",
            workflow(json!({"version": 1, "restartable": true, "unknown": 7})),
            workflow(json!({
                "name": 5, "tasks": {}, "version": "1", "restartable": "yes",
                "outputParameters": [], "timeoutPolicy": "RETRY", "timeoutSeconds": 1.5,
            })),
        ),
        pair("a workflow that is no object", workflow(json!({})), json!([])),
        pair(
            "steps that are no objects, branches that are no lists",
            workflow(json!({})),
            workflow(json!({"tasks": [
                "x", null, [],
                {"name": "a", "taskReferenceName": "a", "decisionCases": {"c": "d"},
                 "forkTasks": [{}], "loopOver": [1]},
            ]})),
        ),
        pair(
            "fields of a step",
            step("SIMPLE", json!({"description": "x"})),
            step(
                "SWITCH",
                json!({
                    "name": 1, "evaluatorType": 2, "expression": [], "decisionCases": [],
                    "inputParameters": "x", "optional": 0, "joinMode": "LATER",
                }),
            ),
        ),
    ];
    insta::assert_snapshot!(told(pairs, |definition| validate_workflow(definition, &strict())));
}

#[test]
fn wrong_types_of_a_task_are_findings() {
    let pairs = vec![pair(
        "fields of a task",
        task(json!({"retryLogic": "FIXED", "timeoutPolicy": "RETRY"})),
        task(json!({
            "name": {}, "retryCount": "3", "inputKeys": "a", "retryLogic": "NEVER",
            "timeoutPolicy": "IGNORE", "enforceSchema": 1,
        })),
    )];
    insta::assert_snapshot!(told(pairs, |definition| validate_task(definition, &strict())));
}

#[test]
fn the_shipped_configuration_wants_no_owner_and_any_name() {
    let definition = workflow(json!({"name": "a/b", "ownerEmail": null}));
    assert_eq!(validate_workflow(&definition, &Options::default()), []);
    assert_eq!(validate_task(&json!({"name": "a"}), &Options::default()), []);
}

#[test]
fn types_are_not_checked_inside_loops() {
    let body = json!([{"name": "e", "taskReferenceName": "e", "type": "EVENT"}]);
    let inside = step("DO_WHILE", json!({"loopCondition": "x", "loopOver": body}));
    assert_eq!(validate_workflow(&inside, &strict()), []);
    let outside = step("FORK_JOIN", json!({"forkTasks": [body]}));
    assert_eq!(validate_workflow(&outside, &strict()).len(), 1);
}

fn nested(levels: usize) -> Value {
    let mut tasks = json!([simple("innermost")]);
    for level in 1..levels {
        tasks = json!([{
            "name": "l", "taskReferenceName": format!("l{level}"), "type": "DO_WHILE",
            "loopCondition": "x", "loopOver": tasks,
        }]);
    }
    workflow(json!({"tasks": tasks}))
}

fn messages(definition: &Value) -> Vec<String> {
    let findings = validate_workflow(definition, &strict());
    findings.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn a_limit_is_a_finding_that_names_it() {
    assert_eq!(messages(&nested(TASK_DEPTH_MAX)), Vec::<String>::new());
    let deep = messages(&nested(TASK_DEPTH_MAX + 1));
    assert_eq!(deep, ["tasks are nested deeper than 64 levels"]);

    let many = |count: usize| {
        let tasks: Vec<Value> = (0..count).map(|task| simple(&format!("t{task}"))).collect();
        workflow(json!({"tasks": tasks}))
    };
    assert_eq!(messages(&many(TASKS_MAX)), Vec::<String>::new());
    assert_eq!(messages(&many(TASKS_MAX + 1)), ["there are more than 10000 tasks"]);

    let big = |bytes: usize| workflow(json!({"description": "x".repeat(bytes)}));
    assert_eq!(messages(&big(DEFINITION_BYTES_MAX - 500)), Vec::<String>::new());
    let too_big = messages(&big(DEFINITION_BYTES_MAX));
    assert_eq!(too_big, ["the definition is larger than 4194304 bytes"]);

    let nameless = workflow(json!({"tasks": vec![json!({}); FINDINGS_MAX]}));
    assert_eq!(messages(&nameless).len(), FINDINGS_MAX);
}

/// JSON that looks like a definition here and there.
fn definition_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..5).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "SWITCH",
            "DO_WHILE",
            "FORK_JOIN",
            "WAIT",
            "TERMINATE",
            "SUB_WORKFLOW",
            "HTTP",
            "${a.b}",
            "${",
            "x",
            "1s",
        ])
        .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "name",
        "taskReferenceName",
        "type",
        "tasks",
        "loopOver",
        "forkTasks",
        "decisionCases",
        "defaultCase",
        "inputParameters",
        "duration",
        "until",
        "subWorkflowParam",
        "optional",
        "workflowDefinition",
        "startDelay",
        "schemaVersion",
        "retryCount",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(Map::from_iter(entries))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_it_panic_and_the_same_json_is_told_the_same(value in definition_like()) {
        let options = strict();
        let once = validate_workflow(&value, &options);
        prop_assert_eq!(once, validate_workflow(&value, &options));
        let tasks = json!({"name": "w", "ownerEmail": "x", "tasks": value});
        let _ = validate_workflow(&tasks, &options);
        let _ = validate_task(&value, &options);
        let _ = validate_tasks(&value, &options);
    }
}
