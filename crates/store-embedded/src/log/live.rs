//! The segments that are there and have begun, and letting go of those no longer needed.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fermata_types::Position;

use super::segment;
use super::steps::Step;
use super::writer::AppendError;
use crate::file::FileLayer;

/// Begun segments in order: number and first position.
pub(crate) struct LiveSegments {
    files: Arc<dyn FileLayer>,
    dir: PathBuf,
    segments: Mutex<VecDeque<(u64, Position)>>,
}

impl LiveSegments {
    pub(super) fn new(
        files: Arc<dyn FileLayer>,
        dir: PathBuf,
        segments: impl IntoIterator<Item = (u64, Position)>,
    ) -> Self {
        Self { files, dir, segments: Mutex::new(segments.into_iter().collect()) }
    }

    /// A segment's header is durable.
    pub(super) fn begun(&self, number: u64, first: Position) {
        self.segments().push_back((number, first));
    }

    /// Removes the segments of which every frame is in a durable checkpoint: never the current
    /// one, because none has begun after it. After a crash any of the removed may be back.
    ///
    /// # Errors
    /// A file cannot be removed, or the directory not be synced.
    pub(crate) fn release(&self, checkpoint: Position) -> Result<usize, AppendError> {
        let mut released = 0;
        while let Some(number) = self.take_spent(checkpoint) {
            let path = self.dir.join(segment::name(number));
            self.files.remove(&path).map_err(AppendError::failed("remove", &path))?;
            Step::SegmentRemoved.done();
            released += 1;
        }
        if released > 0 {
            self.files.sync_dir(&self.dir).map_err(AppendError::failed("sync", &self.dir))?;
            Step::RemovalListed.done();
        }
        Ok(released)
    }

    fn take_spent(&self, checkpoint: Position) -> Option<u64> {
        let mut segments = self.segments();
        let (_, next) = segments.get(1)?;
        let is_spent = next.0 <= checkpoint.0 + 1;
        is_spent.then(|| segments.pop_front()).flatten().map(|(number, _)| number)
    }

    fn segments(&self) -> MutexGuard<'_, VecDeque<(u64, Position)>> {
        // Each change is a single push or pop.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
