//! When a snapshot is due, and how it is cut.

/// Events since the last snapshot after which the next one is due, unless the run is large.
pub const SNAPSHOT_EVENTS: u64 = 256;
/// A run of many tasks is written down once for so many of them, so that the pages written for an
/// event are bounded whatever the run's size.
pub(super) const TASKS_PER_EVENT: u64 = 16;
/// Bytes of a chunk (design 4).
pub(super) const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of chunks in one batch: what is staged after it waits until it is durable.
pub(super) const BATCH_BYTES: usize = 1 << 20;
