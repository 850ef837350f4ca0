//! How a store is opened.

use std::sync::Arc;

use crate::file::{FileLayer, RealFiles};
use crate::log::{SECTOR, StoreId};

/// Bytes of a log segment unless told otherwise: what a checkpoint will be taken after.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Fewest bytes of a segment: its header and a few frames.
const SEGMENT_BYTES_MIN: u64 = 4 * SECTOR as u64;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    pub(crate) store_id: StoreId,
    pub(crate) segment_bytes: u64,
    pub(crate) files: Arc<dyn FileLayer>,
    #[cfg(feature = "mutants")]
    stops_early: bool,
}

impl Options {
    /// The defaults: segments of 64 MiB, the machine's own files. `store_id` names the store if
    /// it is created now, and should be random; an existing store keeps its own.
    #[must_use]
    pub fn new(store_id: StoreId) -> Self {
        Self {
            store_id,
            segment_bytes: SEGMENT_BYTES,
            files: Arc::new(RealFiles),
            #[cfg(feature = "mutants")]
            stops_early: false,
        }
    }

    /// Bytes of each segment made from now on, at least 2 KiB, rounded up to whole sectors. A
    /// group that does not fit gets a larger segment of its own.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes.max(SEGMENT_BYTES_MIN).next_multiple_of(SECTOR as u64);
        self
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

    /// The file layer to use.
    #[must_use]
    pub fn files(mut self, files: Arc<dyn FileLayer>) -> Self {
        self.files = files;
        self
    }
}
