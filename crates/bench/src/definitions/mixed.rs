//! A run of thirteen steps that has something of everything, and a child.

use serde_json::{Value, json};

use super::steps::{step, step_with, task, workflow};
use super::{Subject, Wake};

/// Iterations of its loop.
pub(super) const TURNS: usize = 2;

const NAME: &str = "fermata_bench_mixed";
const CHILD: &str = "fermata_bench_mixed_child";
const TASK: &str = "fermata_bench_mixed";

/// Thirteen steps: worker tasks, variables, a choice, a script, a fork and its join, a loop, a
/// child, a step that waits for somebody.
pub(crate) fn mixed() -> Subject {
    let turns = (1..=TURNS).map(|turn| format!("turn__{turn}"));
    let references = ["begin", "choose", "chosen", "script", "split", "left", "right"];
    let references = references.into_iter().chain(["meet", "loop", "child", "answer", "end"]);
    let mut all: Vec<String> = turns.collect();
    all.extend(references.map(str::to_owned));
    let mut subject = Subject::new(NAME, TASK, all);
    subject.child_references = vec!["inner".to_owned()];
    subject.wake = Some(Wake { after: "begin", reference: "answer" });
    subject.definitions = vec![workflow(CHILD, vec![task(TASK, "inner")]), workflow(NAME, steps())];
    subject
}

/// The step that waits comes right after a worker task, so that whoever completes that task
/// knows that the other one waits now.
fn steps() -> Vec<Value> {
    let set = |reference, input| step("SET_VARIABLE", reference, input);
    vec![
        task(TASK, "begin"),
        step("WAIT", "answer", json!({})),
        step_with(
            "SWITCH",
            "choose",
            json!({ "kind": "express", "from": "${begin.output.done}" }),
            json!({
                "evaluatorType": "value-param", "expression": "kind",
                "decisionCases": { "express": [set("chosen", json!({ "stage": "express" }))] },
                "defaultCase": [set("refused", json!({ "stage": "refused" }))],
            }),
        ),
        step(
            "INLINE",
            "script",
            json!({
                "evaluatorType": "javascript", "stage": "${workflow.variables.stage}",
                "expression": "(function () { return $.stage + '!'; })()",
            }),
        ),
        step_with(
            "FORK_JOIN",
            "split",
            json!({}),
            json!({ "forkTasks": [[task(TASK, "left")], [task(TASK, "right")]] }),
        ),
        step_with("JOIN", "meet", json!({}), json!({ "joinOn": ["left", "right"] })),
        step_with(
            "DO_WHILE",
            "loop",
            json!({}),
            json!({
                "loopCondition": format!("$.loop['iteration'] < {TURNS}"),
                "loopOver": [set("turn", json!({ "was": "${script.output.result}" }))],
            }),
        ),
        step_with(
            "SUB_WORKFLOW",
            "child",
            json!({ "from": "${workflow.workflowId}" }),
            json!({ "subWorkflowParam": { "name": CHILD, "version": 1 } }),
        ),
        task(TASK, "end"),
    ]
}
