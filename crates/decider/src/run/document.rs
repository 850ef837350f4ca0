//! The run as the document its expressions read (`conductor-semantics` 7.3).

use std::borrow::Cow;

use fermata_types::TaskNumber;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::definition::Kind;
use crate::expression::{
    Document, Field, Lookup, Reference, Scope, Source, SystemParameter, Template, Unresolved,
};
use crate::needs::Needs;
use crate::run::derived::{self, Lack, Part};
use crate::run::dynamic;
use crate::run::state::Run;
use crate::run::task::Task;

/// The run seen by one template.
pub struct RunDocument<'a> {
    run: &'a Run,
    context: Context<'a>,
    references: &'a [Reference],
    /// The task whose input is resolved, for `CPEWF_TASK_ID`.
    for_task: Option<TaskNumber>,
}

impl<'a> RunDocument<'a> {
    /// For the input of the task made next.
    #[must_use]
    pub fn for_task(run: &'a Run, references: &'a [Reference], context: Context<'a>) -> Self {
        Self { run, context, references, for_task: Some(run.next_task()) }
    }

    /// For the run's output: there is no task.
    #[must_use]
    pub fn for_output(run: &'a Run, references: &'a [Reference], context: Context<'a>) -> Self {
        Self { run, context, references, for_task: None }
    }

    fn workflow(&self, field: Field) -> Lookup<'a, Lack> {
        let run = self.run;
        let text = |text: Option<String>| Value::from(text);
        let value = match field {
            Field::Input => return self.stored(run.input),
            Field::Output => match run.output_at {
                Some(stored) => return self.stored(stored),
                None => Value::Object(Map::new()),
            },
            Field::Status => Value::from(run.status.as_str()),
            Field::WorkflowId => Value::from(run.id.to_string()),
            Field::ParentWorkflowId => text(run.parent.map(|task| task.run().to_string())),
            Field::ParentWorkflowTaskId => text(run.parent.map(|task| task.to_string())),
            Field::WorkflowType => Value::from(run.definition.key.name.clone()),
            Field::Version => Value::from(run.definition.key.version),
            Field::CorrelationId => text(run.correlation.clone()),
            Field::ReasonForIncompletion => text(run.reason.clone()),
            Field::SchemaVersion => Value::from(2),
            Field::Variables => {
                let pairs = run.variables.iter();
                Value::Object(pairs.map(|(name, value)| (name.clone(), value.to_value())).collect())
            }
            _ => return Lookup::Absent,
        };
        Lookup::Value(Cow::Owned(value))
    }

    fn task(&self, name: &str, field: Field) -> Lookup<'a, Lack> {
        let run = self.run;
        let found = run.find_step(name).and_then(|step| run.latest(step));
        let Some(task) = found else { return Lookup::Absent };
        let value = match field {
            Field::Input => return self.input(task),
            Field::Output => return self.output(name, task),
            _ => task_field(run, task, field),
        };
        Lookup::Value(Cow::Owned(value))
    }

    fn stored(&self, at: crate::run::Stored) -> Lookup<'a, Lack> {
        match self.context.fetched.payload(at) {
            Some(payload) => Lookup::Value(Cow::Owned(payload.to_value())),
            None => Lookup::Unavailable(Lack::Payloads(vec![at])),
        }
    }

    fn input(&self, task: &Task) -> Lookup<'a, Lack> {
        if !dynamic::shown::is_readable(self.run, task) {
            return Lookup::Unavailable(Lack::TooManyTasks);
        }
        match self.context.fetched.payload(task.input) {
            Some(payload) => {
                let shown = dynamic::shown::input(self.run, task, payload);
                Lookup::Value(Cow::Owned(shown.to_value()))
            }
            None => Lookup::Unavailable(Lack::Payloads(vec![task.input])),
        }
    }

    fn output(&self, name: &str, task: &Task) -> Lookup<'a, Lack> {
        let part = match self.run.step_of(task).kind {
            Kind::DoWhile { .. } => self.part(name, part_of_loop),
            Kind::Join { fork: Some(_), .. } => {
                self.part(name, |path| part_of_join(self.run, task, path))
            }
            _ => Part::Whole,
        };
        let payload = |at| self.context.fetched.payload(at);
        match derived::output(self.run, task, &payload, part) {
            Ok(value) => Lookup::Value(Cow::Owned(value)),
            Err(lack) => Lookup::Unavailable(lack),
        }
    }

    /// Which part of a loop's or JOIN's output the template reads, told from each path: most read
    /// nothing but `iteration` of a loop, or one branch.
    fn part(&self, name: &str, part_of_path: impl Fn(&str) -> Part) -> Part {
        let mut wanted = None;
        for reference in self.references {
            let part = match &reference.scope {
                Scope::Field(Source::Task(found), Field::Output) if found == name => {
                    part_of_path(&reference.tail)
                }
                Scope::Field(..) => continue,
                Scope::Source(Source::Task(found)) if found != name => continue,
                Scope::Source(Source::Workflow) => continue,
                _ => Part::Whole,
            };
            match wanted {
                None => wanted = Some(part),
                Some(known) => wanted = Some(both(known, part)),
            }
        }
        wanted.unwrap_or(Part::Whole)
    }
}

/// The smallest part that holds two.
fn both(one: Part, other: Part) -> Part {
    match (one, other) {
        (one, other) if one == other => one,
        (Part::Shallow, other) | (other, Part::Shallow) => other,
        _ => Part::Whole,
    }
}

/// `loop.output.iteration` is shallow, `loop.output.7.x` is one iteration, all else is the whole.
fn part_of_loop(path: &str) -> Part {
    match path.trim_start_matches("$.").split('.').nth(2) {
        Some("iteration" | "loopIndex") => Part::Shallow,
        Some(name) if name == "loopItem" || name.starts_with("loopItem[") => Part::Item,
        Some(name) => name.parse().map_or(Part::Whole, Part::Iteration),
        None => Part::Whole,
    }
}

/// `join.output.branch.x` is that branch, all else is the whole.
fn part_of_join(run: &Run, join: &Task, path: &str) -> Part {
    let name = path.trim_start_matches("$.").split('.').nth(2).unwrap_or("");
    // Inside a loop the names in the output have the iteration behind them.
    let name = match join.iteration {
        0 => Some(name),
        iteration => name.strip_suffix(&format!("__{iteration}")),
    };
    let step = name.and_then(|name| run.dynamic.find_in(name, join.scope, join.iteration));
    step.map_or(Part::Whole, Part::Branch)
}

fn task_field(run: &Run, task: &Task, field: Field) -> Value {
    let step = run.step_of(task);
    match field {
        Field::TaskType => Value::from(step.task_type.clone()),
        Field::Status => Value::from(run.shown_status(task).as_str()),
        Field::ReferenceTaskName => Value::from(run.reference_of(task)),
        Field::RetryCount => Value::from(task.retry_count()),
        Field::CorrelationId => Value::from(run.correlation.clone()),
        Field::PollCount => Value::from(task.poll_count),
        Field::TaskDefName => Value::from(step.name.clone()),
        Field::ScheduledTime => Value::from(task.scheduled.as_ms()),
        Field::StartTime => Value::from(task.started.as_ms()),
        Field::EndTime => Value::from(task.ended().as_ms()),
        Field::WorkflowInstanceId => Value::from(run.id.to_string()),
        Field::TaskId => Value::from(run.id.task(task.number).to_string()),
        Field::ReasonForIncompletion => Value::from(task.reason()),
        Field::CallbackAfterSeconds => Value::from(task.callback_after().as_seconds()),
        Field::WorkerId => Value::from(task.worker()),
        // Inside the body and for the loop itself this is the iteration it is in.
        Field::Iteration => Value::from(task.loop_iteration().max(task.iteration)),
        _ => Value::Null,
    }
}

impl Document for RunDocument<'_> {
    type Key = Lack;

    fn lookup(&self, source: &Source, field: Field) -> Lookup<'_, Lack> {
        match source {
            Source::Workflow => self.workflow(field),
            Source::Task(name) => self.task(name, field),
        }
    }

    fn task_references(&self) -> Vec<String> {
        let known = self.run.definition.references.iter();
        known
            .filter(|(_, step)| self.run.latest(**step).is_some())
            .map(|(name, _)| name.clone())
            .chain(self.run.dynamic.references())
            .collect()
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.context.fetched.environment(name)
    }

    fn system(&self, parameter: SystemParameter) -> Option<String> {
        match parameter {
            SystemParameter::TaskId => {
                self.for_task.map(|number| self.run.id.task(number).to_string())
            }
            _ => None,
        }
    }
}

/// Resolves a template. The outer error says what to fetch first, the inner one names a limit.
pub(crate) fn resolve(
    template: &Template,
    document: &RunDocument<'_>,
) -> Result<Result<Value, String>, Needs> {
    let value = match template.resolve(document) {
        Ok(value) => value,
        Err(Unresolved::Limit(limit)) => return Ok(Err(limit.to_string())),
        Err(Unresolved::Unavailable(lacking)) => {
            let mut payloads = Vec::new();
            for lack in lacking {
                match lack {
                    Lack::Payloads(more) => payloads.extend(more),
                    Lack::TooManyTasks => {
                        let limit = crate::expression::DESCENT_TASKS_MAX;
                        return Ok(Err(format!("an output ranges over more than {limit} tasks")));
                    }
                }
            }
            return Err(Needs::payloads(payloads));
        }
    };
    Ok(Ok(value))
}
