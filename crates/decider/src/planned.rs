//! The branches of a dynamic fork as they are stored: fixed once, when the fork is reached.
//!
//! What `apply` needs to know of them — how many, their references, the steps they are made from —
//! is always inline in the event, so that a history is folded without reading payload rows. The
//! branches' inputs are not: they are one JSON list, the stored input of the FORK task, and
//! [`Planned::lengths`] says where in it each branch's is.

use fermata_types::{Payload, TaskNumber};
use serde::{Deserialize, Serialize};

/// References of the branches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Names {
    /// This prefix and the branch's index, from 0.
    Numbered {
        /// What stands before the index.
        prefix: String,
    },
    /// Given one by one.
    Listed(Vec<String>),
}

/// The branches of a dynamic fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The FORK task.
    pub task: TaskNumber,
    /// The steps that branches are made from, each once: resolved JSON without
    /// `taskReferenceName` and `inputParameters`.
    pub steps: Vec<Payload>,
    /// The step of each branch, as an index into `steps`; empty when all have the first.
    pub kinds: Vec<u32>,
    /// References in the order of the branches.
    pub names: Names,
    /// Bytes of each branch's input in the FORK task's stored input: a list without spaces.
    pub lengths: Vec<u32>,
    /// No input has an expression in it.
    pub is_constant: bool,
}
