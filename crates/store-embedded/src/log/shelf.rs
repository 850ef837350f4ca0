//! The shelf: where the next segment waits, made ahead of time and not by who commits.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::steps::Step;
use super::writer::{AppendError, Segment, make};
use crate::file::FileLayer;

/// The next segment, if it is made already. Whoever makes it holds the lock, so that a commit
/// that needs it at that moment waits for it instead of making a second one.
pub(crate) struct Shelf {
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) dir: PathBuf,
    pub(super) segment_bytes: u64,
    slot: Mutex<Slot>,
}

struct Slot {
    spare: Option<Segment>,
    /// The last segment made, here or by a commit: a wish that comes late is not carried out.
    made: u64,
}

impl Shelf {
    pub(super) fn new(
        files: Arc<dyn FileLayer>,
        dir: PathBuf,
        segment_bytes: u64,
        made: u64,
    ) -> Self {
        Self { files, dir, segment_bytes, slot: Mutex::new(Slot { spare: None, made }) }
    }

    /// Makes the segment with a number, unless it was made before.
    ///
    /// # Errors
    /// No space, which is no failure yet; or the file layer failed.
    pub(crate) fn stock(&self, number: u64) -> Result<(), AppendError> {
        let mut slot = self.slot();
        if slot.made < number {
            slot.spare = Some(self.make(&mut slot, number)?);
        }
        Ok(())
    }

    /// The segment with a number; made now if it is not there.
    pub(super) fn take(&self, number: u64) -> Result<Segment, AppendError> {
        let mut slot = self.slot();
        match slot.spare.take() {
            Some(made) => Ok(made),
            None => self.make(&mut slot, number),
        }
    }

    /// Puts a segment back that was not begun.
    pub(super) fn put_back(&self, segment: Segment) {
        self.slot().spare = Some(segment);
    }

    fn make(&self, slot: &mut Slot, number: u64) -> Result<Segment, AppendError> {
        let made = make(&*self.files, &self.dir, number, self.segment_bytes, Step::done)?;
        slot.made = number;
        Ok(made)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // A segment is put there whole or not at all.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
