//! The shelf: where the next segment waits, made ahead of time and not by who commits; and the
//! reserve, a segment for groups that may be committed when there is no other space.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::segment;
use super::steps::Step;
use super::writer::{AppendError, Segment, make, make_at};
use crate::file::FileLayer;

/// Name of the reserve while it waits.
const RESERVE: &str = "reserve.log";

/// The next segment, if it is made already. Whoever makes it holds the lock, so that a commit
/// that needs it at that moment waits for it instead of making a second one.
pub(crate) struct Shelf {
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) dir: PathBuf,
    pub(super) segment_bytes: u64,
    keeps_reserve: bool,
    slot: Mutex<Slot>,
}

struct Slot {
    spare: Option<Segment>,
    /// The last segment made, here or by a commit: a wish that comes late is not carried out.
    made: u64,
    /// Whether the file of the reserve is there.
    has_reserve: bool,
    /// The segment wanted last, if there was no space for it.
    wanted: Option<u64>,
}

impl Shelf {
    pub(super) fn new(
        files: Arc<dyn FileLayer>,
        dir: PathBuf,
        segment_bytes: u64,
        keeps_reserve: bool,
        made: u64,
    ) -> Self {
        let slot = Slot { spare: None, made, has_reserve: false, wanted: None };
        Self { files, dir, segment_bytes, keeps_reserve, slot: Mutex::new(slot) }
    }

    /// Makes the reserve, unless it is there or none is kept. No space is no error: until there
    /// is a reserve again, the store is full.
    ///
    /// # Errors
    /// The file layer failed.
    pub(crate) fn stock_reserve(&self) -> Result<(), AppendError> {
        let mut slot = self.slot();
        if !self.keeps_reserve || slot.has_reserve {
            return Ok(());
        }
        match self.make_reserve() {
            Ok(()) => slot.has_reserve = true,
            Err(AppendError::Full) => {}
            Err(failed) => return Err(failed),
        }
        Ok(())
    }

    /// Whether a segment was wanted for which there was no space, or the reserve is used up.
    pub(crate) fn is_full(&self) -> bool {
        let slot = self.slot();
        slot.wanted.is_some() || self.is_reserve_used(&slot)
    }

    const fn is_reserve_used(&self, slot: &Slot) -> bool {
        self.keeps_reserve && !slot.has_reserve
    }

    /// Whether a group that may not use the reserve can be written: while the reserve is in use,
    /// what is left of it is not for that group.
    pub(super) fn admits(&self) -> Result<bool, AppendError> {
        if self.is_reserve_used(&self.slot()) {
            self.stock_reserve()?;
        }
        Ok(!self.is_reserve_used(&self.slot()))
    }

    /// What an earlier life left under the reserve's name is made anew: it may not be whole.
    fn make_reserve(&self) -> Result<(), AppendError> {
        let path = self.dir.join(RESERVE);
        match self.files.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(AppendError::failed("remove", &path)(error));
            }
            _ => {}
        }
        make_at(&*self.files, &self.dir, path, 0, self.segment_bytes, Step::passed).map(|_| ())
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

    /// Makes the segment for which there was no space, unless it was made meanwhile. Its space may
    /// still be missing: that is no error.
    ///
    /// # Errors
    /// The file layer failed.
    pub(crate) fn retry_wanted(&self) -> Result<(), AppendError> {
        let mut slot = self.slot();
        let Some(number) = slot.wanted else { return Ok(()) };
        if slot.made >= number {
            slot.wanted = None;
            return Ok(());
        }
        match self.make(&mut slot, number) {
            Ok(made) => slot.spare = Some(made),
            Err(AppendError::Full) => {}
            Err(failed) => return Err(failed),
        }
        Ok(())
    }

    /// The segment with a number; made now if it is not there, of the reserve if there is no
    /// other space and the group may use it.
    pub(super) fn take(&self, number: u64, may_use: bool) -> Result<Segment, AppendError> {
        let mut slot = self.slot();
        if let Some(made) = slot.spare.take() {
            return Ok(made);
        }
        match self.make(&mut slot, number) {
            Err(AppendError::Full) if may_use && slot.has_reserve => {
                self.take_reserve(&mut slot, number)
            }
            made => made,
        }
    }

    /// The reserve becomes the segment with a number. Its new name is durable before it begins.
    fn take_reserve(&self, slot: &mut Slot, number: u64) -> Result<Segment, AppendError> {
        let (reserve, path) = (self.dir.join(RESERVE), self.dir.join(segment::name(number)));
        slot.has_reserve = false;
        self.files.rename(&reserve, &path).map_err(AppendError::failed("rename", &reserve))?;
        self.files.sync_dir(&self.dir).map_err(AppendError::failed("sync", &self.dir))?;
        let file = self.files.open(&path).map_err(AppendError::failed("open", &path))?;
        slot.made = number;
        // The segment is there; that the store is full says the missing reserve, until it is back.
        slot.wanted = None;
        tracing::warn!(number, "the log goes on in its reserve");
        Ok(Segment { number, path, file, end: 0, capacity: self.segment_bytes })
    }

    /// Puts a segment back that was not begun.
    pub(super) fn put_back(&self, segment: Segment) {
        self.slot().spare = Some(segment);
    }

    fn make(&self, slot: &mut Slot, number: u64) -> Result<Segment, AppendError> {
        let made = make(&*self.files, &self.dir, number, self.segment_bytes, Step::done);
        slot.wanted = matches!(made, Err(AppendError::Full)).then_some(number);
        let made = made?;
        slot.made = number;
        Ok(made)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // A segment is put there whole or not at all.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
