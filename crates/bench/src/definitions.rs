//! The definitions that the workloads need, under names nobody else uses.

mod mixed;
mod noise;
mod scale;
mod steps;
mod sync;

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::client::{Client, Target};

pub(crate) use mixed::mixed;
pub(crate) use noise::{Noise, noise};
pub(crate) use scale::{
    LAST_TURNS, fan_out, long_loop, parked_at_wait, recovery, soak, unpolled, waiting_task,
};
pub(crate) use sync::{sync, sync_input};

use steps::{task, workflow};

/// Worker tasks of a `twenty-task` run.
pub(crate) const TWENTY: usize = 20;

/// Seconds after which a task that nobody reports on is handed out again, unless said otherwise.
const RESPONSE_SECONDS: u32 = 60;

/// A workflow of the bench: its name, and the references each run of it must complete once.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) workflow: &'static str,
    /// The type of its worker tasks; empty for a workflow without any.
    pub(crate) task_type: &'static str,
    /// In order; the completion of the last one ends the run.
    pub(crate) references: Vec<String>,
    /// The references of the child that each run has; empty without one.
    pub(crate) child_references: Vec<String>,
    /// What has to be completed from outside, besides the worker tasks.
    pub(crate) wake: Option<Wake>,
    /// Seconds after which a task that nobody reports on is handed out again.
    pub(crate) response_seconds: u32,
    /// The workflows to register, its own and those it starts.
    pub(crate) definitions: Vec<Value>,
}

/// A step that waits for somebody, completed through the API as soon as the step before it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wake {
    /// The worker task before it.
    pub(crate) after: &'static str,
    /// The step.
    pub(crate) reference: &'static str,
}

impl Subject {
    fn new(workflow: &'static str, task_type: &'static str, references: Vec<String>) -> Self {
        Self {
            workflow,
            task_type,
            references,
            child_references: Vec::new(),
            wake: None,
            response_seconds: RESPONSE_SECONDS,
            definitions: Vec::new(),
        }
    }

    /// Worker tasks one after the other, under these references.
    fn of_tasks(
        workflow_name: &'static str,
        task_type: &'static str,
        references: Vec<String>,
    ) -> Self {
        let steps = references.iter().map(|reference| task(task_type, reference)).collect();
        let mut subject = Self::new(workflow_name, task_type, references);
        subject.definitions = vec![workflow(workflow_name, steps)];
        subject
    }

    /// Worker tasks of each run, its child's included.
    pub(crate) fn worker_tasks(&self) -> usize {
        fn count(value: &Value) -> usize {
            let own = usize::from(value.get("type").is_some_and(|kind| kind == "SIMPLE"));
            let inner: usize = match value {
                Value::Array(values) => values.iter().map(count).sum(),
                Value::Object(map) => map.values().map(count).sum(),
                _ => 0,
            };
            own + inner
        }
        self.definitions.iter().map(count).sum()
    }

    /// The reference whose completion ends the run.
    pub(crate) fn last_reference(&self) -> &str {
        self.references.last().map_or("", String::as_str)
    }
}

/// Runs with one worker task, in the closed loop.
pub(crate) fn one_task() -> Subject {
    Subject::of_tasks("fermata_bench_one_task", "fermata_bench_one", vec!["work".to_owned()])
}

/// Runs with one worker task, at a fixed rate; apart from [`one_task`] so that nothing is shared.
pub(crate) fn handoff() -> Subject {
    Subject::of_tasks("fermata_bench_handoff", "fermata_bench_hand", vec!["work".to_owned()])
}

/// As [`handoff`], for workers of an official SDK.
pub(crate) fn handoff_sdk() -> Subject {
    Subject::of_tasks("fermata_bench_sdk", "fermata_bench_sdk", vec!["work".to_owned()])
}

/// As [`handoff`], beside runs that disturb.
pub(crate) fn disturbed() -> Subject {
    let work = vec!["work".to_owned()];
    Subject::of_tasks("fermata_bench_disturbed", "fermata_bench_disturbed", work)
}

/// Twenty worker tasks, one after the other.
pub(crate) fn twenty_task() -> Subject {
    let references = (1..=TWENTY).map(|number| format!("work{number}")).collect();
    Subject::of_tasks("fermata_bench_twenty_task", "fermata_bench_twenty", references)
}

/// Waits for one message, then hands a task to a worker: that is how its move is seen.
pub(crate) fn message() -> Subject {
    let references = ["pull", "moved"].map(str::to_owned).to_vec();
    let mut subject = Subject::new("fermata_bench_message", "fermata_bench_moved", references);
    let pull = json!({
        "name": "fermata_bench_pull", "taskReferenceName": "pull",
        "type": "PULL_WORKFLOW_MESSAGES",
        "inputParameters": { "batchSize": 1, "blocking": true },
    });
    let moved = task(subject.task_type, "moved");
    subject.definitions = vec![workflow(subject.workflow, vec![pull, moved])];
    subject
}

/// Registers what a subject needs, version 1, over what an earlier bench may have left.
///
/// # Errors
/// The server cannot be reached, or refuses a definition.
pub(crate) async fn register(target: &Arc<Target>, subject: &Subject) -> anyhow::Result<()> {
    let mut client = Client::new(Arc::clone(target));
    if !subject.task_type.is_empty() {
        let uri = target.uri("/api/metadata/taskdefs")?;
        client
            .post(&uri, body(&json!([task_definition(subject)])))
            .await
            .and_then(|answer| answer.accepted())
            .context("cannot register task definitions")?;
    }
    let uri = target.uri("/api/metadata/workflow")?;
    client
        .put(&uri, body(&Value::from(subject.definitions.clone())))
        .await
        .and_then(|answer| answer.accepted())
        .context("cannot register workflow definitions")?;
    Ok(())
}

fn body(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn task_definition(subject: &Subject) -> Value {
    json!({
        "name": subject.task_type, "ownerEmail": "bench@example.com",
        "retryCount": 3, "retryDelaySeconds": 0,
        "timeoutSeconds": 0, "responseTimeoutSeconds": subject.response_seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(step: &Value, found: &mut Vec<String>) {
        let own = step.get("taskReferenceName").and_then(Value::as_str);
        let own = own.expect("a step has a reference").to_owned();
        let inner = step.get("loopOver").and_then(Value::as_array);
        for step in inner.into_iter().flatten() {
            let reference = step["taskReferenceName"].as_str().expect("a reference");
            found.extend((1..=mixed::TURNS).map(|turn| format!("{reference}__{turn}")));
        }
        found.push(own);
        let taken = step.get("decisionCases").and_then(|cases| cases.get("express"));
        for inner in taken.and_then(Value::as_array).into_iter().flatten() {
            references(inner, found);
        }
        let branches = step.get("forkTasks").and_then(Value::as_array);
        for inner in branches.into_iter().flatten().filter_map(Value::as_array).flatten() {
            references(inner, found);
        }
    }

    #[test]
    fn each_workflow_holds_exactly_the_references_that_are_verified() {
        let plain = [one_task(), handoff(), twenty_task(), sync(), message(), mixed()];
        for subject in plain.into_iter().chain([recovery(), disturbed(), handoff_sdk(), soak()]) {
            let definition = subject.definitions.last().expect("its own definition is last");
            assert_eq!(definition["name"], subject.workflow);
            assert_eq!(definition["version"], 1);
            let mut found = Vec::new();
            for step in definition["tasks"].as_array().expect("a list of steps") {
                references(step, &mut found);
            }
            let mut wanted = subject.references.clone();
            assert_eq!(found.pop(), wanted.pop(), "the last of {}", subject.workflow);
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{}", subject.workflow);
        }
    }
}
