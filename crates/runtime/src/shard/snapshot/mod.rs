//! Snapshots: the state of a long run written down now and then, so that loading it reads the
//! newest one and the history after it. History stays the truth; a snapshot is never needed.
//!
//! [`write`] encodes the pages that have changed, off the shard's turn; `stage` puts the chunks
//! into the shard's batches, the head last and in one batch with the last of its chunks; [`read`]
//! makes a run of them again. The layout is `docs/formats/snapshot.md`.

mod read;
mod root;
mod stage;
mod write;

pub use read::{Found, read};
pub use root::{Chunks, Written};
pub(super) use stage::Progress;
pub use write::{Encoded, Job};

/// Events since the last snapshot after which the next one is due, unless the run is large.
pub const SNAPSHOT_EVENTS: u64 = 256;
/// A run of many tasks is written down once for so many of them, so that the pages written for an
/// event are bounded whatever the run's size.
const TASKS_PER_EVENT: u64 = 16;
/// Bytes of a chunk (design 4).
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of chunks in one batch: what is staged after it waits until it is durable.
const BATCH_BYTES: usize = 1 << 20;
