//! Registered definitions of a scenario.

use std::collections::BTreeMap;

use fermata_decider::definition::Workflow;
use fermata_decider::definition::compile::{CompileError, compile};
use fermata_decider::definition::resolve::{self, resolve};
use serde_json::Value;

/// Task definitions by name, workflows by name and version.
#[derive(Default, Clone)]
pub struct Catalog {
    tasks: BTreeMap<String, Value>,
    workflows: BTreeMap<(String, i32), Value>,
}

impl Catalog {
    /// With a task definition.
    pub fn task(mut self, definition: Value) -> Self {
        let name = definition.get("name").and_then(Value::as_str).expect("a name").to_owned();
        self.tasks.insert(name, definition);
        self
    }

    /// With a workflow.
    pub fn workflow(mut self, definition: Value) -> Self {
        let name = definition.get("name").and_then(Value::as_str).expect("a name").to_owned();
        let version = definition.get("version").and_then(Value::as_i64).unwrap_or(1);
        self.workflows.insert((name, i32::try_from(version).expect("small")), definition);
        self
    }

    /// A registered workflow; no version means the latest.
    pub fn find(&self, name: &str, version: Option<i32>) -> Option<&Value> {
        match version {
            Some(version) => self.workflows.get(&(name.to_owned(), version)),
            None => self.workflows.iter().rfind(|((known, _), _)| known == name).map(|(_, v)| v),
        }
    }

    /// Resolves and compiles.
    pub fn compile(&self, mut definition: Value) -> Result<Workflow, CompileError> {
        resolve(&mut definition, self).expect("the scenario's sub-workflows are registered");
        compile(&definition.to_string())
    }
}

impl resolve::Catalog for Catalog {
    fn task(&self, name: &str) -> Option<Value> {
        self.tasks.get(name).cloned()
    }

    fn latest_version(&self, workflow: &str) -> Option<i32> {
        let known = self.workflows.keys().filter(|(name, _)| name == workflow);
        known.map(|(_, version)| *version).max()
    }
}
