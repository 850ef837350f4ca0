//! The checkpoint: the rows up to a position, in one redb file (`docs/formats/checkpoint.md`).
//!
//! A frozen delta is added in one transaction that also carries its position. Only when that is
//! durable are the delta and the log segments below it let go.

mod backend;
mod checkpointer;
mod error;
mod file;
mod gather;
mod stored;

pub(crate) use checkpointer::Checkpointer;
pub(crate) use error::CheckpointError;
pub(crate) use file::NAME;
pub(crate) use stored::{CheckpointRange, CheckpointView, StoredEntry};
