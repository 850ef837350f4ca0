//! Five steps that the server does alone.

use serde_json::{Value, json};

use super::Subject;
use super::steps::{step, step_with, workflow};

/// Five steps that the server does alone.
pub(crate) fn sync() -> Subject {
    let references = ["first", "choose", "chosen", "inline", "last"].map(str::to_owned).to_vec();
    let mut subject = Subject::new("fermata_bench_sync", "", references);
    subject.definitions = vec![workflow(subject.workflow, steps())];
    subject
}

fn steps() -> Vec<Value> {
    let set = |reference, input| step("SET_VARIABLE", reference, input);
    vec![
        set("first", json!({ "order": "${workflow.input.order}", "stage": "received" })),
        step_with(
            "SWITCH",
            "choose",
            json!({ "kind": "${workflow.input.kind}" }),
            json!({
                "evaluatorType": "value-param", "expression": "kind",
                "decisionCases": { "express": [set("chosen", json!({ "stage": "express" }))] },
                "defaultCase": [set("refused", json!({ "stage": "refused" }))],
            }),
        ),
        step(
            "INLINE",
            "inline",
            json!({
                "evaluatorType": "value-param", "expression": "stage",
                "stage": "${workflow.variables.stage}",
            }),
        ),
        set("last", json!({ "stage": "done", "was": "${inline.output.result}" })),
    ]
}

/// The input that leads a run of [`sync`] through its five steps.
pub(crate) fn sync_input() -> Value {
    json!({ "order": 4711, "kind": "express" })
}
