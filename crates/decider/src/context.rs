//! All that decide and advance may know besides the state and the command.

use std::sync::Arc;

use fermata_types::{MessageOffset, Payload, PayloadLimits, RunId, Timestamp};

use crate::definition::Workflow;
use crate::needs::{DefinitionRequest, Evaluated, EvaluationKey};
use crate::run::Stored;

/// What a lookup of a definition gave.
#[derive(Debug, Clone)]
pub enum Found {
    /// Here it is, resolved and compiled.
    Definition(Arc<Workflow>),
    /// There is none, or it does not compile: why.
    Refused(String),
    /// Not looked up yet.
    Unknown,
}

/// A pending message, read for a PULL_WORKFLOW_MESSAGES task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMessage {
    /// Its place in the lane.
    pub offset: MessageOffset,
    /// Its id.
    pub id: String,
    /// A JSON object.
    pub payload: Payload,
    /// When it was accepted.
    pub received: Timestamp,
}

/// Results already fetched, and the few facts a decision takes from outside.
pub trait Fetched {
    /// A payload of this run; none when it has to be loaded first.
    fn payload(&self, at: Stored) -> Option<Payload>;
    /// The result of an evaluation; none when it has not been run.
    fn evaluation(&self, key: &EvaluationKey) -> Option<Evaluated>;
    /// A definition for a sub-workflow.
    fn definition(&self, request: &DefinitionRequest) -> Found;
    /// The pending messages after an offset, in order, at most that many; none when they have to
    /// be loaded first.
    fn messages(&self, after: MessageOffset, count: u32) -> Option<Vec<PendingMessage>>;
    /// A fresh run id with the shard key of this run. Each call gives another.
    fn mint(&self) -> RunId;
    /// Whether a worker polled that task type in that domain within the last ten seconds
    /// (`conductor-semantics` 1.8).
    fn is_polled(&self, task_type: &str, domain: &str) -> bool;
    /// How large payloads may be.
    fn payload_limits(&self) -> PayloadLimits {
        PayloadLimits::default()
    }
    /// Embeds the registered task definitions into a task made from data, and pins the versions of
    /// its sub-workflows, as they stand at this moment.
    fn resolve_task(&self, task: &mut serde_json::Value);
    /// The value of an environment name allowed in expressions (`conductor-semantics` 7.2 rule 4).
    fn environment(&self, name: &str) -> Option<String>;
}

/// The present moment and what has been fetched for it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Now.
    pub now: Timestamp,
    /// Results and facts.
    pub fetched: &'a dyn Fetched,
}
