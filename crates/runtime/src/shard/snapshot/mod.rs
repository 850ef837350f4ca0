//! Snapshots: the state of a long run written down now and then, so that loading it reads the
//! newest one and the history after it. History stays the truth; a snapshot is never needed.
//!
//! [`write`] encodes the pages that have changed, off the shard's turn; `stage` puts the chunks
//! into the shard's batches, the head after all of them; [`read`] makes a run of them again. The
//! layout is `docs/formats/snapshot.md`.

mod limits;
mod read;
mod root;
mod stage;
mod write;

pub use limits::SNAPSHOT_EVENTS;
pub use read::{Found, read};
pub use root::{Chunks, Written};
pub(super) use stage::Progress;
pub use write::{Encoded, Job};
