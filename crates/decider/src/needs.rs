//! What has to be fetched or evaluated before a decision can go on. The decider never evaluates a
//! script or reads a store; it says what it lacks and is asked again.

use std::sync::Arc;

use fermata_types::{MessageOffset, Payload, TaskNumber};

use crate::definition::{DefinitionHash, StepId};
use crate::run::Stored;

/// Names an evaluation by what it depends on, so that a stale result is never taken for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvaluationKey {
    /// The task it is for.
    pub task: TaskNumber,
    /// The step of that task.
    pub step: StepId,
    /// Hash of script and input.
    pub content: DefinitionHash,
}

/// What a script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The value of its last expression is the result; it sees its input as `$`.
    JavaScript,
    /// A query over its input; the list of all its results is the result.
    Jq,
}

/// A script to be run in the bounded pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it is written in.
    pub language: Language,
    /// Its text.
    pub source: Arc<str>,
    /// What it works on: a JSON object.
    pub input: Payload,
}

/// How an evaluation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluated {
    /// The result as JSON; `undefined` is null.
    Value(Payload),
    /// The script threw, did not parse, or broke a limit other than time.
    Failed(String),
    /// The script ran out of time.
    TimedOut(String),
}

/// An evaluation wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRequest {
    /// Its name.
    pub key: EvaluationKey,
    /// What to run.
    pub script: Script,
}

/// A definition wanted for a sub-workflow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefinitionRequest {
    /// A registered one; no version means the latest.
    Named {
        /// Its name.
        name: String,
        /// Its version.
        version: Option<i32>,
    },
    /// One given inline, as JSON text.
    Inline(String),
}

/// What a decision lacks. Never empty when returned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Scripts to run.
    pub evaluations: Vec<EvaluationRequest>,
    /// Payloads of this run to read.
    pub payloads: Vec<Stored>,
    /// Definitions to look up.
    pub definitions: Vec<DefinitionRequest>,
    /// Pending messages to read: after this offset, at most that many.
    pub messages: Option<(MessageOffset, u32)>,
}

impl Needs {
    /// Only these payloads.
    #[must_use]
    pub fn payloads(payloads: Vec<Stored>) -> Self {
        Self { payloads, ..Self::default() }
    }

    /// Only this evaluation.
    #[must_use]
    pub fn evaluation(request: EvaluationRequest) -> Self {
        Self { evaluations: vec![request], ..Self::default() }
    }

    /// Only this definition.
    #[must_use]
    pub fn definition(request: DefinitionRequest) -> Self {
        Self { definitions: vec![request], ..Self::default() }
    }

    /// Adds what another item lacks.
    pub fn add(&mut self, other: Self) {
        self.evaluations.extend(other.evaluations);
        self.payloads.extend(other.payloads);
        self.definitions.extend(other.definitions);
        self.messages = self.messages.or(other.messages);
    }

    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.evaluations.is_empty()
            && self.payloads.is_empty()
            && self.definitions.is_empty()
            && self.messages.is_none()
    }
}
