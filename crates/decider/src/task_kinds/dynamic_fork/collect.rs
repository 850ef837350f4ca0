//! Branches put together: distinct steps once, inputs side by side.

use std::collections::BTreeMap;

use fermata_types::{Payload, limits};
use serde_json::{Map, Value};

use crate::definition::branch::compile_branch;
use crate::definition::{Kind, StepId};
use crate::planned::{Names, Planned};

/// Why there are no branches; the run fails with this text.
pub(super) type Reason = String;

/// Branches on their way into an event.
#[derive(Debug)]
pub(super) struct Branches {
    names: Names,
    steps: Vec<Value>,
    known: BTreeMap<String, u32>,
    kinds: Vec<u32>,
    inputs: String,
    lengths: Vec<u32>,
}

impl Branches {
    /// Named by this prefix and their index.
    pub(super) const fn numbered(prefix: String) -> Self {
        Self::named(Names::Numbered { prefix })
    }

    /// Each with a name of its own.
    pub(super) const fn listed() -> Self {
        Self::named(Names::Listed(Vec::new()))
    }

    const fn named(names: Names) -> Self {
        Self {
            names,
            steps: Vec::new(),
            known: BTreeMap::new(),
            kinds: Vec::new(),
            inputs: String::new(),
            lengths: Vec::new(),
        }
    }

    /// A step that branches are made from: without reference and inputs. The same step gets the
    /// same number.
    pub(super) fn step(&mut self, step: Map<String, Value>) -> u32 {
        let step = Value::Object(step);
        let next = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        let kind = *self.known.entry(step.to_string()).or_insert(next);
        if kind == next {
            self.steps.push(step);
        }
        kind
    }

    /// One more branch.
    pub(super) fn add(
        &mut self,
        reference: Option<&str>,
        kind: u32,
        input: &Value,
    ) -> Result<(), Reason> {
        if self.lengths.len() >= limits::FORK_BRANCHES_MAX as usize {
            return Err(too_many());
        }
        if let (Names::Listed(list), Some(reference)) = (&mut self.names, reference) {
            list.push(reference.to_owned());
        }
        self.inputs.push(if self.lengths.is_empty() { '[' } else { ',' });
        let before = self.inputs.len();
        self.inputs.push_str(&input.to_string());
        self.lengths.push(u32::try_from(self.inputs.len() - before).unwrap_or(u32::MAX));
        self.kinds.push(kind);
        Ok(())
    }

    /// The event's part, and what the FORK task keeps as its input. `resolve` embeds task
    /// definitions into a step.
    pub(super) fn finish(
        mut self,
        task: fermata_types::TaskNumber,
        resolve: &dyn Fn(&mut Value),
    ) -> Result<(Planned, Payload), Reason> {
        let mut steps = Vec::with_capacity(self.steps.len());
        for mut step in std::mem::take(&mut self.steps) {
            resolve(&mut step);
            check(&step)?;
            steps.push(Payload::from_value(&step));
        }
        if self.lengths.is_empty() {
            self.inputs.push('[');
        }
        self.inputs.push(']');
        if self.kinds.iter().all(|kind| *kind == 0) {
            self.kinds.clear();
        }
        let planned = Planned {
            task,
            steps,
            kinds: self.kinds,
            names: self.names,
            lengths: self.lengths,
            is_constant: !self.inputs.contains("${"),
        };
        Ok((planned, Payload::trusted(self.inputs.into_bytes().into())))
    }
}

/// What a fork with more branches than the limit is told.
pub(super) fn too_many() -> Reason {
    format!("a dynamic fork is limited to {} branches", limits::FORK_BRANCHES_MAX)
}

/// A step has to compile, and a worker's queue has to have a name.
fn check(step: &Value) -> Result<(), Reason> {
    let empty = Map::new();
    let task = step.as_object().unwrap_or(&empty);
    let name = task.get("name").and_then(Value::as_str).unwrap_or("");
    let wrong = |what: &str| Err(format!("a branch of a dynamic fork ({name}): {what}"));
    match compile_branch(task, StepId(0), None) {
        Err(error) => wrong(&error.to_string()),
        Ok(steps) => match steps.first().map(|step| &step.kind) {
            Some(Kind::Worker { task_type }) if task_type.trim().is_empty() => {
                wrong("no name, so no worker can take it")
            }
            _ if steps.iter().any(|step| is_long(&step.name) || is_long(&step.task_type)) => {
                wrong(&format!("a name is longer than {} bytes", limits::NAME_BYTES_MAX))
            }
            _ => Ok(()),
        },
    }
}

pub(super) const fn is_long(name: &str) -> bool {
    name.len() > limits::NAME_BYTES_MAX
}
