//! The definitions that the workloads need, under names nobody else uses.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::client::{Client, Target};

/// Worker tasks of a `twenty-task` run.
pub(crate) const TWENTY: usize = 20;

/// A workflow of the bench: its name, and the references each run of it must complete once.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) workflow: &'static str,
    /// The type of its worker tasks; empty for a workflow without any.
    pub(crate) task_type: &'static str,
    pub(crate) references: Vec<String>,
}

impl Subject {
    /// The reference whose completion ends the run.
    pub(crate) fn last_reference(&self) -> &str {
        self.references.last().map_or("", String::as_str)
    }
}

/// Runs with one worker task, in the closed loop.
pub(crate) fn one_task() -> Subject {
    Subject {
        workflow: "fermata_bench_one_task",
        task_type: "fermata_bench_one",
        references: vec!["work".to_owned()],
    }
}

/// Runs with one worker task, at a fixed rate; apart from [`one_task`] so that nothing is shared.
pub(crate) fn handoff() -> Subject {
    Subject {
        workflow: "fermata_bench_handoff",
        task_type: "fermata_bench_hand",
        references: vec!["work".to_owned()],
    }
}

/// Twenty worker tasks, one after the other.
pub(crate) fn twenty_task() -> Subject {
    Subject {
        workflow: "fermata_bench_twenty_task",
        task_type: "fermata_bench_twenty",
        references: (1..=TWENTY).map(|number| format!("work{number}")).collect(),
    }
}

/// Five steps that the server does alone.
pub(crate) fn sync() -> Subject {
    Subject {
        workflow: "fermata_bench_sync",
        task_type: "",
        references: ["first", "choose", "chosen", "inline", "last"].map(str::to_owned).to_vec(),
    }
}

/// Waits for one message, then hands a task to a worker: that is how its move is seen.
pub(crate) fn message() -> Subject {
    Subject {
        workflow: "fermata_bench_message",
        task_type: "fermata_bench_moved",
        references: vec!["pull".to_owned(), "moved".to_owned()],
    }
}

/// Registers everything, version 1, over what an earlier bench may have left.
///
/// # Errors
/// The server cannot be reached or refuses a definition.
pub(crate) async fn register(target: &Arc<Target>) -> anyhow::Result<()> {
    let mut client = Client::new(Arc::clone(target));
    let tasks = body(&task_definitions());
    let uri = target.uri("/api/metadata/taskdefs")?;
    client
        .post(&uri, tasks)
        .await
        .and_then(|answer| answer.accepted())
        .context("cannot register task definitions")?;
    let workflows = body(&workflow_definitions());
    let uri = target.uri("/api/metadata/workflow")?;
    client
        .put(&uri, workflows)
        .await
        .and_then(|answer| answer.accepted())
        .context("cannot register workflow definitions")?;
    Ok(())
}

fn body(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn task_definitions() -> Value {
    let types = [one_task(), handoff(), twenty_task(), message()].map(|subject| {
        json!({
            "name": subject.task_type, "ownerEmail": "bench@example.com",
            "retryCount": 3, "retryDelaySeconds": 0,
            "timeoutSeconds": 0, "responseTimeoutSeconds": 60,
        })
    });
    Value::from(types.to_vec())
}

fn workflow_definitions() -> Value {
    Value::from(vec![
        workflow(&one_task(), worker_steps(&one_task())),
        workflow(&handoff(), worker_steps(&handoff())),
        workflow(&twenty_task(), worker_steps(&twenty_task())),
        workflow(&sync(), sync_steps()),
        workflow(&message(), message_steps()),
    ])
}

fn workflow(subject: &Subject, steps: Vec<Value>) -> Value {
    json!({
        "name": subject.workflow, "version": 1, "schemaVersion": 2,
        "ownerEmail": "bench@example.com", "timeoutSeconds": 0, "tasks": steps,
    })
}

fn worker_steps(subject: &Subject) -> Vec<Value> {
    let step = |reference| worker_step(subject.task_type, reference);
    subject.references.iter().map(step).collect()
}

fn worker_step(task_type: &str, reference: &String) -> Value {
    json!({
        "name": task_type, "taskReferenceName": reference, "type": "SIMPLE",
        "inputParameters": {},
    })
}

fn sync_steps() -> Vec<Value> {
    let set = |reference: &str, input: Value| {
        json!({
            "name": reference, "taskReferenceName": reference, "type": "SET_VARIABLE",
            "inputParameters": input,
        })
    };
    vec![
        set("first", json!({ "order": "${workflow.input.order}", "stage": "received" })),
        json!({
            "name": "choose", "taskReferenceName": "choose", "type": "SWITCH",
            "evaluatorType": "value-param", "expression": "kind",
            "inputParameters": { "kind": "${workflow.input.kind}" },
            "decisionCases": { "express": [set("chosen", json!({ "stage": "express" }))] },
            "defaultCase": [set("refused", json!({ "stage": "refused" }))],
        }),
        json!({
            "name": "inline", "taskReferenceName": "inline", "type": "INLINE",
            "inputParameters": {
                "evaluatorType": "value-param", "expression": "stage",
                "stage": "${workflow.variables.stage}",
            },
        }),
        set("last", json!({ "stage": "done", "was": "${inline.output.result}" })),
    ]
}

/// The input that leads a run of [`sync`] through its five steps.
pub(crate) fn sync_input() -> Value {
    json!({ "order": 4711, "kind": "express" })
}

fn message_steps() -> Vec<Value> {
    vec![
        json!({
            "name": "fermata_bench_pull", "taskReferenceName": "pull",
            "type": "PULL_WORKFLOW_MESSAGES",
            "inputParameters": { "batchSize": 1, "blocking": true },
        }),
        worker_step(message().task_type, &"moved".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(step: &Value, found: &mut Vec<String>) {
        let own = step.get("taskReferenceName").and_then(Value::as_str);
        found.push(own.expect("a step has a reference").to_owned());
        let express = step.get("decisionCases").and_then(|cases| cases.get("express"));
        for inner in express.and_then(Value::as_array).into_iter().flatten() {
            references(inner, found);
        }
    }

    #[test]
    fn each_workflow_holds_exactly_the_references_that_are_verified() {
        let definitions = workflow_definitions();
        for subject in [one_task(), handoff(), twenty_task(), sync(), message()] {
            let definition = definitions
                .as_array()
                .and_then(|all| all.iter().find(|one| one["name"] == subject.workflow))
                .expect("the subject has a definition");
            let mut found = Vec::new();
            for step in definition["tasks"].as_array().expect("a list of steps") {
                references(step, &mut found);
            }
            assert_eq!(found, subject.references, "{}", subject.workflow);
            assert_eq!(definition["version"], 1);
        }
    }
}
