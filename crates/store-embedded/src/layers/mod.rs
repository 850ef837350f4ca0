//! The rows: changes since the checkpoint in memory, in deltas, over the checkpoint.
//!
//! ```text
//! commit ─► active delta ─ full ─► frozen deltas ─ checkpointer ─► checkpoint
//! get, scan ◄─ active, frozen from newest to oldest, checkpoint: the first that knows the key
//! ```

mod admit;
mod delta;
mod entry;
mod merge;
mod older;
mod read;
mod stack;

pub(crate) use admit::Refusal;
pub(crate) use delta::Delta;
pub(crate) use older::Older;
pub(crate) use read::{Copied, Walk, encoded, get, scan};
pub(crate) use stack::Layers;
