//! What clients see of dynamic forks, put together on read from what is stored once: the inputs of
//! FORK and JOIN tasks, and the step of a branch.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fermata_types::Payload;
use serde_json::Value;

use crate::definition::Kind;
use crate::expression::DESCENT_TASKS_MAX;
use crate::run::dynamic::Forked;
use crate::run::state::Run;
use crate::run::task::Task;

/// A task's input as clients and expressions see it. `stored` is what the task's event brought.
#[must_use]
pub fn input(run: &Run, task: &Task, stored: Payload) -> Payload {
    match &run.step_of(task).kind {
        Kind::DynamicFork { .. } => match run.dynamic.of_task(task.number) {
            Some(fork) => fork_input(fork, &stored),
            None => stored,
        },
        Kind::Join { fork: Some(fork), .. } => {
            let fork = run.forked(*fork, task.scope, task.iteration);
            fork.map_or_else(|| stored.clone(), |fork| join_input(task, fork, &stored))
        }
        _ => stored,
    }
}

/// Whether an expression may read a task's input: that of a fork or its JOIN ranges over all
/// branches, as their outputs do.
#[must_use]
pub fn is_readable(run: &Run, task: &Task) -> bool {
    let fork = match &run.step_of(task).kind {
        Kind::DynamicFork { .. } => run.dynamic.of_task(task.number),
        Kind::Join { fork: Some(fork), .. } => run.forked(*fork, task.scope, task.iteration),
        _ => None,
    };
    fork.is_none_or(|fork| (fork.plan.count() as usize) <= DESCENT_TASKS_MAX)
}

/// The text of a step without its task definition, which the tasks of a large fork repeat often
/// enough.
fn without_definition(json: &str) -> String {
    let mut step: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    if let Some(map) = step.as_object_mut() {
        map.remove("taskDefinition");
    }
    step.to_string()
}

/// `{forkedTasks: [reference …], forkedTaskDefs: [task …]}` (`conductor-semantics` 5.4). The tasks
/// of a fork of more than [`DESCENT_TASKS_MAX`] branches are without their task definitions.
fn fork_input(fork: &Forked, stored: &Payload) -> Payload {
    let plan = &fork.plan;
    let (mut names, mut tasks) = (String::new(), String::new());
    let is_large = plan.count() as usize > DESCENT_TASKS_MAX;
    let mut short: BTreeMap<u32, String> = BTreeMap::new();
    for branch in 0..plan.count() {
        if branch > 0 {
            names.push(',');
            tasks.push(',');
        }
        let name = plan.name(branch);
        let _ = write!(names, "{}", Value::from(name.as_ref()));
        let raw = stored.bytes().get(plan.input(branch));
        let input = raw.and_then(|raw| std::str::from_utf8(raw).ok()).unwrap_or("{}");
        let Some(step) = plan.step(plan.start(branch)) else { continue };
        let json = if is_large {
            let kind = short.entry(plan.kind(branch));
            kind.or_insert_with(|| without_definition(&step.json))
        } else {
            &*step.json
        };
        tasks.push_str(&task_text(json, &name, Some(input)));
    }
    let text = format!("{{\"forkedTasks\":[{names}],\"forkedTaskDefs\":[{tasks}]}}");
    Payload::trusted(text.into_bytes().into())
}

/// The JOIN's own inputs with `joinOn`, the references of the branches.
fn join_input(join: &Task, fork: &Forked, stored: &Payload) -> Payload {
    let Value::Object(mut input) = stored.to_value() else { return stored.clone() };
    let plan = &fork.plan;
    let names = (0..plan.count()).map(|branch| match join.iteration {
        0 => Value::from(plan.name(branch).as_ref()),
        iteration => Value::from(format!("{}__{iteration}", plan.name(branch))),
    });
    input.insert("joinOn".to_owned(), names.collect());
    Payload::from_value(&Value::Object(input))
}

/// The JSON of the step of a task that came from data (`workflowTask`), with the task's reference
/// and input put in; none for a task of the definition. `input` is what the task shows as its own.
#[must_use]
pub fn step_json(run: &Run, task: &Task, input: &Payload) -> Option<String> {
    let step = run.step_of(task);
    let is_resolved = run.dynamic.resolved(task.number).is_some();
    let place = run.dynamic.of_step(task.step);
    if !is_resolved && place.is_none() {
        return None;
    }
    let is_branch = place.is_some_and(|(fork, at)| fork.plan.branch_of(at).1);
    if !is_resolved && !is_branch {
        // The contents of a container have all of their text.
        return Some(step.json.to_string());
    }
    let reference = run.reference_of_step(task.step);
    let input = std::str::from_utf8(input.bytes()).ok();
    let is_own = is_branch && matches!(step.kind, Kind::Worker { .. });
    Some(task_text(&step.json, &reference, input.filter(|_| is_own)))
}

/// An object's text with a reference and perhaps an input put in.
fn task_text(json: &str, reference: &str, input: Option<&str>) -> String {
    let rest = json.strip_prefix('{').unwrap_or("}");
    let comma = if rest.starts_with('}') { "" } else { "," };
    let name = Value::from(reference);
    match input {
        Some(input) => {
            let head = format!("\"taskReferenceName\":{name},\"inputParameters\":{input}");
            format!("{{{head}{comma}{rest}")
        }
        None => format!("{{\"taskReferenceName\":{name}{comma}{rest}"),
    }
}
