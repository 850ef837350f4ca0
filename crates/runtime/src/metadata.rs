//! Registered definitions: a snapshot in memory, swapped after its commit and before the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use fermata_decider::context::Found;
use fermata_decider::definition::handler::Handler;
use fermata_decider::definition::{self, Catalog, DefinitionHash, Workflow};
use fermata_decider::needs::DefinitionRequest;
pub use fermata_storage::{DefinitionKey, DefinitionRow};
use fermata_storage::{ReadError, Row, ScanRange, Store};
use serde_json::Value;

use crate::queues::TaskLimits;

/// Compiled definitions kept in memory; the least recently compiled go first.
const COMPILED_MAX: usize = 4096;
/// Rows read at once at start.
const PAGE: usize = 1000;

/// All registered definitions at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// JSON of workflow definitions, by name and version.
    pub workflows: BTreeMap<String, BTreeMap<i32, Bytes>>,
    /// JSON of task definitions, by name.
    pub tasks: BTreeMap<String, Bytes>,
    /// Event handlers by name: their JSON, and as they were read.
    pub handlers: BTreeMap<String, (Bytes, Option<Arc<Handler>>)>,
}

impl Snapshot {
    /// JSON of a workflow definition; no version means the latest. Answers its version too.
    #[must_use]
    pub fn workflow(&self, name: &str, version: Option<i32>) -> Option<(i32, &Bytes)> {
        let versions = self.workflows.get(name)?;
        match version {
            Some(version) => versions.get(&version).map(|json| (version, json)),
            None => versions.last_key_value().map(|(version, json)| (*version, json)),
        }
    }

    fn put(&mut self, row: DefinitionRow) {
        match row.key {
            DefinitionKey::Workflow { name, version } => {
                self.workflows.entry(name).or_default().insert(version, row.json);
            }
            DefinitionKey::Task { name } => {
                self.tasks.insert(name, row.json);
            }
            DefinitionKey::Handler { name } => {
                let value = serde_json::from_slice(&row.json).unwrap_or(Value::Null);
                let read = Handler::read(&value);
                if let Err(fault) = &read {
                    tracing::error!(name, %fault, "an event handler cannot be read");
                }
                self.handlers.insert(name, (row.json, read.ok().map(Arc::new)));
            }
        }
    }

    fn remove(&mut self, key: &DefinitionKey) {
        match key {
            DefinitionKey::Workflow { name, version } => {
                if let Some(versions) = self.workflows.get_mut(name) {
                    versions.remove(version);
                    if versions.is_empty() {
                        self.workflows.remove(name);
                    }
                }
            }
            DefinitionKey::Task { name } => {
                self.tasks.remove(name);
            }
            DefinitionKey::Handler { name } => {
                self.handlers.remove(name);
            }
        }
    }
}

impl Catalog for Snapshot {
    fn task(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(self.tasks.get(name)?).ok()
    }

    fn latest_version(&self, workflow: &str) -> Option<i32> {
        self.workflow(workflow, None).map(|(version, _)| version)
    }
}

/// Why there is no definition to start from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Nobody registered it.
    #[error("No such workflow defined. name={name}, version={}", shown(*version))]
    NotFound {
        /// The name asked for.
        name: String,
        /// The version asked for; none for the latest.
        version: Option<i32>,
    },
    /// It cannot be resolved: a sub-workflow is missing.
    #[error(transparent)]
    Unresolved(#[from] definition::ResolveError),
    /// It cannot be compiled.
    #[error(transparent)]
    Uncompilable(#[from] definition::CompileError),
    /// It is not JSON.
    #[error("the definition is not JSON")]
    NotJson,
}

fn shown(version: Option<i32>) -> String {
    version.map_or_else(|| "null".to_owned(), |version| version.to_string())
}

/// The snapshot, and compiled definitions by hash and by what they were made from.
#[derive(Debug, Default)]
pub struct Metadata {
    snapshot: ArcSwap<Snapshot>,
    compiled: Mutex<Compiled>,
}

#[derive(Debug, Default)]
struct Compiled {
    by_hash: BTreeMap<DefinitionHash, Arc<Workflow>>,
    /// Valid for one snapshot only: emptied by every change.
    named: BTreeMap<(String, i32), Arc<Workflow>>,
}

impl Metadata {
    /// Reads all definitions.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn load(store: &dyn Store) -> Result<Self, ReadError> {
        let mut snapshot = Snapshot::default();
        for range in
            [ScanRange::WorkflowDefinitions, ScanRange::TaskDefinitions, ScanRange::EventHandlers]
        {
            let mut after = None;
            loop {
                let page = store.scan(&range, after.as_ref(), PAGE)?;
                after = page.rows.last().map(Row::key);
                for row in page.rows {
                    if let Row::Definition(row) = row {
                        snapshot.put(row);
                    }
                }
                if !page.more {
                    break;
                }
            }
        }
        Ok(Self { snapshot: ArcSwap::from_pointee(snapshot), compiled: Mutex::default() })
    }

    /// The present snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Makes committed changes visible; answers the names of the task definitions that changed.
    pub fn swap(&self, puts: Vec<DefinitionRow>, deletes: &[DefinitionKey]) -> Vec<String> {
        self.snapshot.rcu(|old| {
            let mut new = Snapshot::clone(old);
            for row in &puts {
                new.put(row.clone());
            }
            for key in deletes {
                new.remove(key);
            }
            new
        });
        self.lock().named.clear();
        let keys = puts.iter().map(|row| &row.key).chain(deletes);
        let names = keys.filter_map(|key| match key {
            DefinitionKey::Task { name } => Some(name.clone()),
            DefinitionKey::Workflow { .. } | DefinitionKey::Handler { .. } => None,
        });
        names.collect()
    }

    /// The limits of a task type as its definition has them now; none without a definition.
    #[must_use]
    pub fn limits(&self, task_type: &str) -> TaskLimits {
        let definition = self.snapshot.load().task(task_type);
        definition.map_or_else(TaskLimits::default, |json| TaskLimits::read(&json))
    }

    /// Every task type whose definition has limits, with them.
    #[must_use]
    pub fn limited(&self) -> Vec<(String, TaskLimits)> {
        let snapshot = self.snapshot.load();
        let limits = snapshot.tasks.keys().map(|name| (name.clone(), self.limits(name)));
        limits.filter(|(_, limits)| limits.is_any()).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A compiled definition by hash, if it is in memory.
    #[must_use]
    pub fn by_hash(&self, hash: &DefinitionHash) -> Option<Arc<Workflow>> {
        self.lock().by_hash.get(hash).cloned()
    }

    /// Compiles a resolved definition's JSON, or finds it compiled.
    ///
    /// # Errors
    /// [`DefinitionError::Uncompilable`].
    pub fn compile(&self, json: &str) -> Result<Arc<Workflow>, DefinitionError> {
        if let Some(known) = self.by_hash(&DefinitionHash::of(json.as_bytes())) {
            return Ok(known);
        }
        let compiled = Arc::new(definition::compile(json)?);
        let mut memory = self.lock();
        if memory.by_hash.len() >= COMPILED_MAX {
            memory.by_hash.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        memory.by_hash.insert(compiled.hash, compiled.clone());
        Ok(compiled)
    }

    /// A registered definition, resolved and compiled; no version means the latest.
    ///
    /// # Errors
    /// [`DefinitionError`].
    pub fn named(
        &self,
        name: &str,
        version: Option<i32>,
    ) -> Result<Arc<Workflow>, DefinitionError> {
        let snapshot = self.snapshot();
        let not_found = || DefinitionError::NotFound { name: name.to_owned(), version };
        let (found, json) = snapshot.workflow(name, version).ok_or_else(not_found)?;
        let key = (name.to_owned(), found);
        if let Some(known) = self.lock().named.get(&key) {
            return Ok(known.clone());
        }
        let value: Value = serde_json::from_slice(json).map_err(|_| DefinitionError::NotJson)?;
        let compiled = self.inline_in(value, &snapshot)?;
        if Arc::ptr_eq(&snapshot, &self.snapshot()) {
            self.lock().named.insert(key, compiled.clone());
        }
        Ok(compiled)
    }

    /// A definition given inline, resolved and compiled.
    ///
    /// # Errors
    /// [`DefinitionError`].
    pub fn inline(&self, definition: Value) -> Result<Arc<Workflow>, DefinitionError> {
        self.inline_in(definition, &self.snapshot())
    }

    fn inline_in(
        &self,
        mut definition: Value,
        snapshot: &Snapshot,
    ) -> Result<Arc<Workflow>, DefinitionError> {
        definition::resolve(&mut definition, snapshot)?;
        self.compile(&definition.to_string())
    }

    /// The active handlers of an event, by name.
    #[must_use]
    pub fn handlers(&self, event: &str) -> Vec<Arc<Handler>> {
        let snapshot = self.snapshot();
        let read = snapshot.handlers.values().filter_map(|(_, read)| read.as_ref());
        read.filter(|found| found.is_active && found.event == event).cloned().collect()
    }

    /// What the decider asked for.
    #[must_use]
    pub fn find(&self, request: &DefinitionRequest) -> Found {
        let found = match request {
            DefinitionRequest::Named { name, version } => self.named(name, *version),
            DefinitionRequest::Inline(json) => serde_json::from_str(json)
                .map_err(|_| DefinitionError::NotJson)
                .and_then(|value| self.inline(value)),
        };
        match found {
            Ok(definition) => Found::Definition(definition),
            Err(error) => Found::Refused(error.to_string()),
        }
    }
}
