//! What happens beside commits: checkpoints, the release of segments, the making of new ones.

mod core;
mod thread;

pub(crate) use core::{Core, Done, FROZEN_MAX};
pub(crate) use thread::start;
