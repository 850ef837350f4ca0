//! Mutants: deliberate bugs that the one general workload has to find, each of them.

use std::fmt;

use fermata_runtime::mutant::Mutant;

use crate::run::{Options, run};
use crate::violation::Violation;

/// Worlds tried before a mutant counts as not found.
pub const SEEDS_PER_MUTANT: u64 = 400;

/// A deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// One of the runtime's.
    Runtime(Mutant),
    /// The log is never synced.
    NoSync,
    /// Directories are never synced.
    DirectoryNotSynced,
    /// Recovery leaves out the last frame.
    RecoveryStopsEarly,
    /// Segments and deltas are let go before the checkpoint that has them is durable.
    CheckpointBelievedEarly,
}

impl Bug {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let store = [
            Self::NoSync,
            Self::DirectoryNotSynced,
            Self::RecoveryStopsEarly,
            Self::CheckpointBelievedEarly,
        ];
        store.into_iter().chain(Mutant::ALL.into_iter().map(Self::Runtime))
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(mutant) => write!(f, "{mutant:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A mutant that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// The seed of the world that found it.
    pub seed: u64,
    /// The step in which it showed.
    pub step: u64,
    /// What it violated.
    pub violation: Violation,
}

/// Runs worlds with a bug, from a seed on, until one finds it; none if none does.
#[must_use]
pub fn hunt(bug: Bug, options: &Options) -> Option<Caught> {
    (options.seed..options.seed + SEEDS_PER_MUTANT).find_map(|seed| {
        let report = run(&Options { seed, bug: Some(bug), ..options.clone() });
        let (step, found) = (report.steps, report.violation);
        found.map(|violation| Caught { seed, step, violation })
    })
}
