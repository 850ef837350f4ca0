//! Definitions of the workload: every kind of task, every policy, small enough to be reached often.

use fermata_storage::DefinitionRow;
use serde_json::{Value, json};

use crate::workload::shapes::{
    handler, inline, join, optional, set, simple, sub, task, throwing, workflow,
};

/// All queues that workers poll.
pub(crate) const QUEUES: &[&str] =
    &["sure", "east:sure", "flaky", "slow", "late", "total", "big", FEW, "rated"];

/// A task type with a concurrency limit.
pub(crate) const FEW: &str = "few";
/// That limit.
pub(crate) const FEW_AT_ONCE: usize = 2;

/// Workflows with how often they are started, of a hundred.
pub(crate) const STARTED: &[(&str, usize)] = &[
    ("sequence", 5),
    ("large", 6),
    ("policies", 7),
    ("limited", 7),
    ("branches", 7),
    ("forks", 7),
    ("loops", 4),
    ("kept", 4),
    ("long_loop", 4),
    ("parent", 11),
    ("waits", 8),
    ("messages", 8),
    ("stops", 2),
    ("wide", 2),
    ("spread", 6),
    ("errands", 12),
];

/// Workflows whose runs end COMPLETED unless someone ends or deletes them.
pub(crate) const SURE: &[&str] = &[
    "sequence",
    "large",
    "limited",
    "forks",
    "loops",
    "kept",
    "long_loop",
    "wide",
    "spread",
    "errands",
    "errand",
    "repair",
];

/// Workflows that only other runs start, in whatever shard.
pub(crate) const ELSEWHERE: &[&str] = &["errand", "repair"];

/// Everything the workload registers.
pub(crate) fn all() -> Vec<DefinitionRow> {
    let mut rows = vec![
        task("sure", &json!({})),
        task(FEW, &json!({ "concurrentExecLimit": FEW_AT_ONCE })),
        task(
            "rated",
            &json!({ "rateLimitPerFrequency": 2,
            "rateLimitFrequencyInSeconds": 1 }),
        ),
        task("sub", &json!({ "retryCount": 2, "retryDelaySeconds": 1 })),
        task(
            "big",
            &json!({ "retryLogic": "EXPONENTIAL_BACKOFF", "retryDelaySeconds": 1,
            "maxRetryDelaySeconds": 4 }),
        ),
        task(
            "flaky",
            &json!({ "retryCount": 2, "retryDelaySeconds": 1, "timeoutSeconds": 20,
            "responseTimeoutSeconds": 3 }),
        ),
        task(
            "slow",
            &json!({ "retryCount": 3, "retryLogic": "EXPONENTIAL_BACKOFF",
            "retryDelaySeconds": 1, "responseTimeoutSeconds": 2 }),
        ),
        task(
            "late",
            &json!({ "retryCount": 2, "pollTimeoutSeconds": 4,
            "retryDelaySeconds": 1 }),
        ),
        task(
            "total",
            &json!({ "totalTimeoutSeconds": 8, "timeoutPolicy": "TIME_OUT_WF",
            "retryDelaySeconds": 2 }),
        ),
    ];
    rows.extend(plain());
    rows.extend(branching());
    rows.extend(looping());
    rows.extend(nesting());
    rows.extend(waiting());
    rows.push(spread());
    rows.extend(elsewhere());
    rows
}

fn plain() -> Vec<DefinitionRow> {
    let output = json!({ "outputParameters": { "tag": "${c.output.tag}" } });
    let large = json!([
        simple("big", "a", None),
        simple("big", "b", Some("a")),
        {
            "name": "sure", "taskReferenceName": "c", "type": "SIMPLE",
            "inputParameters": { "from": "${b.output.tag}", "all": "${a.output.big}" }
        },
    ]);
    let policies = json!([
        optional(simple("flaky", "a", None), "optional"),
        optional(simple("slow", "b", None), "permissive"),
        simple("late", "c", None),
        simple("total", "d", None),
    ]);
    let branch = |n: u32| {
        json!([simple(FEW, &format!("f{n}"), None), simple("rated", &format!("r{n}"), None)])
    };
    let limited = json!([
        {
            "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN",
            "forkTasks": [branch(1), branch(2), branch(3)]
        },
        join("join", &["r1", "r2", "r3"]),
        simple(FEW, "c", Some("f1")),
    ]);
    let timeout = json!({ "timeoutSeconds": 20, "timeoutPolicy": "TIME_OUT_WF",
        "failureWorkflow": "repair" });
    vec![
        workflow(
            "sequence",
            &json!([
                simple("sure", "a", None),
                simple("sure", "b", Some("a")),
                simple("sure", "c", Some("b")),
            ]),
            &output,
        ),
        workflow("large", &large, &json!({ "outputParameters": { "all": "${c.input.all}" } })),
        workflow("limited", &limited, &output),
        workflow("policies", &policies, &timeout),
    ]
}

fn branching() -> Vec<DefinitionRow> {
    let switch = json!({
        "name": "switch", "taskReferenceName": "choose", "type": "SWITCH",
        "evaluatorType": "value-param", "expression": "n",
        "inputParameters": { "n": "${workflow.input.n}" },
        "decisionCases": {
            "1": [inline("i1", "${workflow.input.n}"), simple("sure", "after_inline", None)],
            "2": [set("set", &json!({ "v": "${workflow.input.n}" }))],
            "3": [{
                "name": "end", "taskReferenceName": "end", "type": "TERMINATE",
                "inputParameters": { "terminationStatus": "FAILED", "terminationReason": "three" }
            }],
            "4": [optional(throwing("i4"), "optional")]
        },
        "defaultCase": [optional(simple("flaky", "other", None), "optional")]
    });
    let scripted = json!({
        "name": "switch", "taskReferenceName": "again", "type": "SWITCH",
        "evaluatorType": "javascript",
        "expression": "(function () { return ['x', 'y'][$.n % 2]; })()",
        "inputParameters": { "n": "${workflow.input.n}" },
        "decisionCases": { "x": [simple("sure", "x", None)] },
        "defaultCase": []
    });
    let forks = json!([
        {
            "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN", "forkTasks": [
                [simple("sure", "l1", None), simple("sure", "l2", Some("l1"))],
                [
                    {
                        "name": "fork", "taskReferenceName": "inner", "type": "FORK_JOIN",
                        "forkTasks": [
                            [inline("i2", "${workflow.input.n}")],
                            [simple("sure", "m", None)]
                        ]
                    },
                    join("inner_join", &["i2", "m"])
                ],
                [{
                    "name": "wait", "taskReferenceName": "pause", "type": "WAIT",
                    "inputParameters": { "duration": "2 seconds" }
                }]
            ]
        },
        join("join", &["l2", "inner_join", "pause"]),
        simple("sure", "end", Some("l2")),
    ]);
    vec![
        workflow(
            "branches",
            &json!([switch, scripted, simple("sure", "z", None)]),
            &json!({ "failureWorkflow": "repair" }),
        ),
        workflow("forks", &forks, &json!({})),
    ]
}

/// A dynamic fork whose list of inputs is kept apart and whose branches take more than one turn,
/// then a task that data names.
fn spread() -> DefinitionRow {
    let list: Vec<Value> = (0..230).map(|n| json!({ "n": n, "text": "t".repeat(16) })).collect();
    let tasks = json!([
        {
            "name": "fork", "taskReferenceName": "few", "type": "FORK_JOIN_DYNAMIC",
            "dynamicForkTasksParam": "tasks", "dynamicForkTasksInputParamName": "inputs",
            "inputParameters": { "inputs": {}, "tasks": [
                simple("sure", "d1", None), sub("d2", "grandchild"), inline("d3", "7")
            ] }
        },
        join("few_join", &[]),
        {
            "name": "fork", "taskReferenceName": "many", "type": "FORK_JOIN_DYNAMIC",
            "inputParameters": {
                "forkTaskName": "set", "forkTaskType": "SET_VARIABLE", "forkTaskInputs": list
            }
        },
        join("many_join", &[]),
        {
            "name": "dynamic", "taskReferenceName": "named", "type": "DYNAMIC",
            "dynamicTaskNameParam": "which", "inputParameters": { "which": "sure" }
        },
        { "name": "x", "taskReferenceName": "x", "type": "EXCLUSIVE_JOIN", "joinOn": ["named"] },
    ]);
    workflow("spread", &tasks, &json!({}))
}

fn looping() -> Vec<DefinitionRow> {
    let loops = json!([
        {
            "name": "loop", "taskReferenceName": "loop", "type": "DO_WHILE",
            "loopCondition":
                "(function () { return [$.loop['iteration'] < 3][0]; })()",
            "loopOver": [simple("sure", "body", None), inline("i3", "${workflow.input.n}")]
        },
        simple("sure", "end", None),
    ]);
    let long = json!([
        {
            "name": "loop", "taskReferenceName": "loop", "type": "DO_WHILE",
            "loopCondition": "$.loop['iteration'] < $.turns",
            "inputParameters": { "turns": "${workflow.input.turns}" },
            "loopOver": [set("count", &json!({ "count": "${loop.output.iteration}" }))]
        },
        simple("sure", "end", None),
    ]);
    let kept = json!([
        {
            "name": "loop", "taskReferenceName": "loop", "type": "DO_WHILE",
            "loopCondition": "$.loopIndex < 3",
            "inputParameters": { "_items": ["a", "b", "c", "d", "e"], "keepLastN": 1 },
            "loopOver": [
                simple("big", "a", None),
                {
                    "name": "decide", "taskReferenceName": "decide", "type": "DECISION",
                    "caseValueParam": "at",
                    "inputParameters": { "at": "${loop.output.loopItem}" },
                    "decisionCases": { "b": [inline("i4b", "${workflow.input.n}")] },
                    "defaultCase": [set("seen", &json!({ "seen": "${loop.output.loopIndex}" }))]
                },
            ]
        },
        simple("sure", "end", None),
    ]);
    vec![
        workflow("kept", &kept, &json!({})),
        workflow("loops", &loops, &json!({})),
        workflow("long_loop", &long, &json!({})),
    ]
}

fn nesting() -> Vec<DefinitionRow> {
    let parent = json!([
        {
            "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN",
            "forkTasks": [[sub("s1", "child")], [sub("s2", "small")]]
        },
        join("join", &["s1", "s2"]),
        simple("sure", "end", None),
    ]);
    let mut brittle = simple("flaky", "f", None);
    if let Some(map) = brittle.as_object_mut() {
        // Its first failure fails the child, whose task is then tried again.
        map.insert("retryCount".to_owned(), Value::from(0));
    }
    let branches: Vec<Value> = (0..70).map(|n| json!([sub(&format!("w{n}"), "small")])).collect();
    let names: Vec<String> = (0..70).map(|n| format!("w{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let wide = json!([
        { "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN", "forkTasks": branches },
        join("join", &names),
    ]);
    vec![
        workflow(
            "parent",
            &parent,
            &json!({ "timeoutSeconds": 30,
            "timeoutPolicy": "TIME_OUT_WF" }),
        ),
        workflow(
            "child",
            &json!([sub("g", "grandchild"), brittle, simple("sure", "k", None)]),
            &json!({}),
        ),
        workflow(
            "grandchild",
            &json!([simple("sure", "a", None), simple("sure", "b", Some("a"))]),
            &json!({ "outputParameters": { "tag": "${b.output.tag}" } }),
        ),
        workflow("small", &json!([set("set", &json!({ "v": 1 })), inline("i", "4")]), &json!({})),
        workflow("wide", &wide, &json!({})),
    ]
}

fn waiting() -> Vec<DefinitionRow> {
    let wait = |reference: &str, input: Value| {
        json!({
            "name": "wait", "taskReferenceName": reference, "type": "WAIT",
            "inputParameters": input
        })
    };
    let pull = |reference: &str, count: u32| {
        json!({
            "name": "pull", "taskReferenceName": reference, "type": "PULL_WORKFLOW_MESSAGES",
            "inputParameters": { "batchSize": count }
        })
    };
    let glance = json!({
        "name": "pull", "taskReferenceName": "glance", "type": "PULL_WORKFLOW_MESSAGES",
        "inputParameters": { "batchSize": 1, "blocking": false }
    });
    let waits = json!([
        wait("timed", json!({ "duration": "3 seconds" })),
        wait("signal", json!({})),
        { "name": "person", "taskReferenceName": "human", "type": "HUMAN" },
        simple("sure", "end", None),
    ]);
    let stops = json!([
        {
            "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN", "forkTasks": [
                [simple("sure", "a", None)],
                [sub("s", "grandchild")],
                [wait("w", json!({ "duration": "1 seconds" })), {
                    "name": "stop", "taskReferenceName": "stop", "type": "TERMINATE",
                    "inputParameters": { "terminationStatus": "COMPLETED" }
                }]
            ]
        },
        join("join", &["a", "s", "stop"]),
    ]);
    vec![
        workflow("waits", &waits, &json!({})),
        workflow(
            "messages",
            &json!([
                pull("p1", 2),
                simple("sure", "a", None),
                pull("p2", 1),
                glance,
                pull("p3", 3)
            ]),
            &json!({}),
        ),
        workflow("stops", &stops, &json!({})),
    ]
}

fn elsewhere() -> Vec<DefinitionRow> {
    let start = |reference: &str, request: Value| {
        json!({
            "name": "start", "taskReferenceName": reference, "type": "START_WORKFLOW",
            "retryCount": 0, "inputParameters": { "startWorkflow": request }
        })
    };
    let errand = json!({ "name": "errand", "input": { "n": "${workflow.input.n}" } });
    let keyed = json!({ "name": "errand", "input": { "n": 1 }, "idempotencyStrategy":
        "RETURN_EXISTING", "idempotencyKey": "errand-${workflow.input.n}" });
    let branches: Vec<Value> =
        (0..4).map(|n| json!([start(&format!("e{n}"), errand.clone())])).collect();
    let errands = json!([
        { "name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN", "forkTasks": branches },
        join("join", &["e0", "e1", "e2", "e3"]),
        start("keyed", keyed),
        {
            "name": "tell", "taskReferenceName": "tell", "type": "EVENT", "sink": "conductor:told",
            "inputParameters": { "n": "${workflow.input.n}" }
        },
        optional(start("nobody", json!({ "name": "nobody" })), "optional"),
        simple("sure", "end", None),
    ]);
    vec![
        workflow("errands", &errands, &json!({ "failureWorkflow": "repair" })),
        workflow(
            "errand",
            &json!([set("set", &json!({ "v": 1 })), simple("sure", "a", None)]),
            &json!({}),
        ),
        workflow("repair", &json!([simple("sure", "a", None)]), &json!({})),
        workflow("echo", &json!([simple("sure", "a", None)]), &json!({})),
        handler("echo", "conductor:errands:told", "echo"),
    ]
}
