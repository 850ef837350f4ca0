//! What happens beside commits: checkpoints, the release of segments, the making of new ones.

mod shared;
mod thread;

pub(crate) use shared::{Done, FROZEN_MAX, Shared};
pub(crate) use thread::start;
