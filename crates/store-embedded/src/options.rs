//! How a store is opened.

use std::sync::Arc;

use crate::file::{FileLayer, RealFiles};
use crate::layers::Delta;
use crate::log::{SECTOR, StoreId};

/// Bytes of a log segment unless told otherwise: what a checkpoint will be taken after.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Fewest bytes of a segment: its header and a few frames.
const SEGMENT_BYTES_MIN: u64 = 4 * SECTOR as u64;
/// Memory of a delta unless told otherwise: then it is frozen and checkpointed.
const DELTA_BYTES: usize = 32 << 20;
/// Memory for pages of the checkpoint unless told otherwise.
const CACHE_BYTES: usize = 64 << 20;

/// Bytes of the checkpoint's file written between two syncs unless told otherwise.
const CHECKPOINT_SYNC_BYTES: usize = 4 << 20;

/// Who writes checkpoints and makes segments ahead of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoints {
    /// A thread of the store.
    Background,
    /// Whoever calls `EmbeddedStore::checkpoint_step`; segments are made by commits. For tests
    /// and simulations: nothing happens but by calls.
    Manual,
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    pub(crate) store_id: StoreId,
    pub(crate) segment_bytes: u64,
    pub(crate) files: Arc<dyn FileLayer>,
    pub(crate) delta_bytes: usize,
    pub(crate) cache_bytes: usize,
    pub(crate) checkpoint_sync_bytes: usize,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) keeps_reserve: bool,
    #[cfg(feature = "mutants")]
    stops_early: bool,
    #[cfg(feature = "mutants")]
    believes_early: bool,
}

impl Options {
    /// The defaults: segments of 64 MiB, deltas of 32 MiB checkpointed by a thread, 64 MiB of
    /// cache, the machine's own files. `store_id` names the store if
    /// it is created now, and should be random; an existing store keeps its own.
    #[must_use]
    pub fn new(store_id: StoreId) -> Self {
        Self {
            store_id,
            segment_bytes: SEGMENT_BYTES,
            files: Arc::new(RealFiles),
            delta_bytes: DELTA_BYTES,
            cache_bytes: CACHE_BYTES,
            checkpoint_sync_bytes: CHECKPOINT_SYNC_BYTES,
            checkpoints: Checkpoints::Background,
            keeps_reserve: true,
            #[cfg(feature = "mutants")]
            stops_early: false,
            #[cfg(feature = "mutants")]
            believes_early: false,
        }
    }

    /// The name of the store if it is created now.
    #[must_use]
    pub const fn store_id(mut self, id: StoreId) -> Self {
        self.store_id = id;
        self
    }

    /// Bytes of each segment made from now on, at least 2 KiB, rounded up to whole sectors. A
    /// group that does not fit gets a larger segment of its own.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes.max(SEGMENT_BYTES_MIN).next_multiple_of(SECTOR as u64);
        self
    }

    /// Memory in bytes that changes may take before they are frozen for the checkpointer; at
    /// least 1. A few times as much is in memory at most.
    #[must_use]
    pub fn delta_bytes(mut self, bytes: usize) -> Self {
        self.delta_bytes = bytes.max(1);
        self
    }

    /// Memory in bytes for pages of the checkpoint.
    #[must_use]
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Bytes of the checkpoint's file that are written before they are synced although nothing
    /// depends on it: no single sync then holds up the log's for long. They wait in memory.
    #[must_use]
    pub const fn checkpoint_sync_bytes(mut self, bytes: usize) -> Self {
        self.checkpoint_sync_bytes = bytes;
        self
    }

    /// Whether one segment more is kept in reserve, for `Store::commit_from_reserve` when there is
    /// no other space. Yes unless told otherwise.
    #[must_use]
    pub const fn keep_reserve(mut self, keeps: bool) -> Self {
        self.keeps_reserve = keeps;
        self
    }

    /// Who writes checkpoints.
    #[must_use]
    pub const fn checkpoints(mut self, who: Checkpoints) -> Self {
        self.checkpoints = who;
        self
    }

    /// Builds a deliberate bug in, for the simulation: a checkpoint is believed, and what it
    /// makes needless let go, before it is durable.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub const fn checkpoint_believed_early(mut self) -> Self {
        self.believes_early = true;
        self
    }

    /// Whether checkpoints are believed before they are durable.
    #[cfg(feature = "mutants")]
    pub(crate) const fn believes_early(&self) -> bool {
        self.believes_early
    }

    /// Checkpoints are never believed before they are durable.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "the same call with and without the feature")]
    pub(crate) const fn believes_early(&self) -> bool {
        false
    }

    /// Builds a deliberate bug in, for the simulation: recovery leaves out the last frame.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn recovery_stops_early(mut self) -> Self {
        self.stops_early = true;
        self
    }

    /// Whether recovery leaves out the last frame.
    #[cfg(feature = "mutants")]
    pub(crate) fn stops_early(&self) -> bool {
        self.stops_early
    }

    /// Recovery never leaves out a frame.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "the same call with and without the feature")]
    pub(crate) const fn stops_early(&self) -> bool {
        false
    }

    /// Whether it is time to freeze a delta: it is large, or has been written over so often that
    /// its part of the log is.
    pub(crate) fn is_due(&self, delta: &Delta) -> bool {
        let log_bytes = (2 * self.segment_bytes).max(4 * self.delta_bytes as u64);
        delta.bytes() >= self.delta_bytes || delta.log_bytes() >= log_bytes
    }

    /// The file layer to use.
    #[must_use]
    pub fn files(mut self, files: Arc<dyn FileLayer>) -> Self {
        self.files = files;
        self
    }
}
