//! Texts of definitions in the form answers carry them. Made once per definition, because every
//! polled task shows its step.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fermata_decider::definition::{DefinitionHash, Kind, Step, Workflow};
use fermata_wire::conductor::lenient;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Bytes of texts kept; beyond it all are dropped and made again when asked for.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// What tasks show of their step.
#[derive(Debug)]
pub(crate) struct StepTexts {
    /// The step.
    pub(crate) step: Option<Arc<RawValue>>,
    /// The task definition inside it.
    pub(crate) definition: Option<Arc<RawValue>>,
    /// The parts of the task definition that tasks repeat.
    pub(crate) repeated: Repeated,
    /// Whether its type is SIMPLE: only then the response timeout is told.
    pub(crate) is_simple: bool,
}

/// Fields of a task definition that its tasks repeat (`conductor-semantics` 1.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Repeated {
    #[serde(deserialize_with = "lenient::int")]
    pub(crate) rate_limit_per_frequency: i32,
    #[serde(deserialize_with = "lenient::int")]
    pub(crate) rate_limit_frequency_in_seconds: i32,
    #[serde(deserialize_with = "lenient::opt_text")]
    pub(crate) isolation_group_id: Option<String>,
    #[serde(deserialize_with = "lenient::opt_text")]
    pub(crate) execution_name_space: Option<String>,
}

/// The texts of one definition.
#[derive(Debug)]
pub(crate) struct Texts {
    /// All of it.
    pub(crate) whole: Option<Arc<RawValue>>,
    /// Its steps, by index.
    pub(crate) steps: Vec<StepTexts>,
}

/// Texts by definition.
#[derive(Debug, Default)]
pub(crate) struct TextCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<DefinitionHash, Arc<Texts>>,
    bytes: usize,
}

impl TextCache {
    /// The texts of a definition.
    pub(crate) fn of(&self, workflow: &Workflow) -> Arc<Texts> {
        if let Some(known) = self.lock().texts.get(&workflow.hash) {
            return known.clone();
        }
        let steps: Vec<StepTexts> = workflow.steps.iter().map(step_texts).collect();
        let texts = Arc::new(Texts { whole: raw(&workflow.json), steps });
        let mut kept = self.lock();
        if kept.bytes > TEXT_BYTES_MAX {
            *kept = Kept::default();
        }
        if kept.texts.insert(workflow.hash, texts.clone()).is_none() {
            // Every step's text is part of the whole's.
            kept.bytes += workflow.json.len() * 2;
        }
        texts
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The texts of a step that came from data; `json` is the step with its task's reference and input.
pub(crate) fn dynamic_texts(step: &Step, json: &str) -> StepTexts {
    StepTexts { step: raw(json), ..step_texts(step) }
}

fn step_texts(step: &Step) -> StepTexts {
    let is_worker = matches!(step.kind, Kind::Worker { .. });
    let repeated = match &step.definition_json {
        Some(json) if is_worker => serde_json::from_str(json).unwrap_or_default(),
        _ => Repeated::default(),
    };
    StepTexts {
        step: raw(&step.json),
        definition: step.definition_json.as_deref().and_then(raw),
        repeated,
        is_simple: is_worker && step.task_type == step.name,
    }
}

fn raw(json: &str) -> Option<Arc<RawValue>> {
    RawValue::from_string(json.to_owned()).ok().map(Arc::from)
}
