//! One file per workload, and the sides they share: starting runs, and working on their tasks.

pub(crate) mod handoff;
pub(crate) mod message;
pub(crate) mod phase;
pub(crate) mod queued;
pub(crate) mod start;
pub(crate) mod sync;
pub(crate) mod workers;

pub(crate) use phase::{Context, Phase};
