//! One file per workload, and the sides they share: starting runs, and working on their tasks.

mod calls;
pub(crate) mod handoff;
pub(crate) mod isolation;
pub(crate) mod large;
pub(crate) mod message;
pub(crate) mod park;
pub(crate) mod parked;
pub(crate) mod phase;
pub(crate) mod queued;
pub(crate) mod recovery;
pub(crate) mod sdk;
pub(crate) mod soak;
pub(crate) mod start;
pub(crate) mod sync;
pub(crate) mod workers;

pub(crate) use phase::{Context, Phase};
