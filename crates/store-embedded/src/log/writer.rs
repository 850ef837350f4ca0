//! The writer: one write and one sync for a frame, and the step from one segment to the next.
//!
//! ```text
//! append ─ fits? ─ yes ──────────────────────────────► write ─► sync
//!            └─ no ─► on the shelf? ─ no ─► make it ─┐    ▲
//!                       └─ yes ────────────────────┴─► header ─► sync
//! ```
//! The next segment is put on the shelf (`shelf.rs`) when the current one is half full, so that a
//! rotation is one small write and one sync. Its header is written only when it begins: with its
//! first position the header says where the segment before it ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fermata_types::Position;

use super::segment::{self, SECTOR, SegmentHeader};
use super::steps::Step;
use super::{FrameBuffer, LiveSegments, Shelf, StoreId};
use crate::file::{FileHandle, FileLayer};

/// Why a frame was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// No space for the next segment; nothing was written.
    #[error("no space for the next segment")]
    Full,
    /// The file layer failed; the log is in an unknown state.
    #[error("cannot {action} {}", path.display())]
    Failed {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl AppendError {
    pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Failed { action, path: path.to_owned(), source }
    }
}

/// A segment file with room for frames.
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: Box<dyn FileHandle>,
    /// Where the next frame goes.
    pub(super) end: u64,
    /// Bytes reserved.
    pub(super) capacity: u64,
}

/// Appends frames. After any [`AppendError::Failed`] it must not be used again.
pub(crate) struct LogWriter {
    shelf: Arc<Shelf>,
    live: Arc<LiveSegments>,
    store_id: StoreId,
    current: Segment,
    /// Whether the next segment was asked for; for want of space there may be none.
    is_next_asked: bool,
    position: Position,
}

impl LogWriter {
    pub(super) fn new(
        maker: SegmentMaker,
        store_id: StoreId,
        current: Segment,
        position: Position,
        live: impl IntoIterator<Item = (u64, Position)>,
    ) -> Self {
        let SegmentMaker { files, dir, segment_bytes, keeps_reserve } = maker;
        let live = Arc::new(LiveSegments::new(files.clone(), dir.clone(), live));
        let shelf = Arc::new(Shelf::new(files, dir, segment_bytes, keeps_reserve, current.number));
        Self { shelf, live, store_id, current, is_next_asked: false, position }
    }

    /// The position of the last frame appended or recovered.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Where the next segment waits.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        self.shelf.clone()
    }

    /// The segments that have begun.
    pub(crate) fn live(&self) -> Arc<LiveSegments> {
        self.live.clone()
    }

    /// Makes a frame durable as the next position. Says how many bytes it took, and how long
    /// the sync did. Without space for the next segment, a group that may use the reserve does.
    pub(crate) fn append(
        &mut self,
        frame: &mut FrameBuffer,
        may_use_reserve: bool,
    ) -> Result<(usize, Duration), AppendError> {
        if !may_use_reserve && !self.shelf.admits()? {
            return Err(AppendError::Full);
        }
        let position = self.position.next();
        frame.seal(position, self.store_id);
        let bytes = frame.sealed();
        let rotates = self.current.end + bytes.len() as u64 > self.current.capacity;
        if rotates {
            self.rotate(bytes.len() as u64, may_use_reserve)?;
        }
        let Segment { path, file, end, .. } = &mut self.current;
        file.write_at(*end, bytes).map_err(AppendError::failed("write a frame to", path))?;
        let took = file.sync_data().map_err(AppendError::failed("sync", path))?;
        *end += bytes.len() as u64;
        self.position = position;
        if rotates {
            Step::FirstFrameSynced.done();
        }
        Ok((bytes.len(), took))
    }

    /// The number of the next segment, once for each: when the current one is half full, it is
    /// time to put it on the shelf.
    pub(crate) fn ask_for_next(&mut self) -> Option<u64> {
        let is_half_full = self.current.end >= self.current.capacity / 2;
        if self.is_next_asked || !is_half_full {
            return None;
        }
        self.is_next_asked = true;
        Some(self.current.number + 1)
    }

    /// Begins the next segment, with room for a frame of that many bytes.
    fn rotate(&mut self, frame_bytes: u64, may_use_reserve: bool) -> Result<(), AppendError> {
        Step::OldSegmentDone.done();
        let mut next = self.shelf.take(self.current.number + 1, may_use_reserve)?;
        let needed = SECTOR as u64 + frame_bytes;
        if next.capacity < needed {
            if let Err(error) = reserve(&mut next, needed) {
                self.shelf.put_back(next);
                return Err(error);
            }
            next.file.sync_all().map_err(AppendError::failed("sync", &next.path))?;
        }
        let first = self.position.next();
        next.begin(self.store_id, first, Step::done)?;
        self.live.begun(next.number, first);
        self.current = next;
        self.is_next_asked = false;
        Ok(())
    }
}

/// What it takes to make segments.
pub(super) struct SegmentMaker {
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) dir: PathBuf,
    pub(super) segment_bytes: u64,
    pub(super) keeps_reserve: bool,
}

impl SegmentMaker {
    /// A new segment that begins at once, while the store is being opened.
    pub(super) fn make_begun(
        &self,
        number: u64,
        store_id: StoreId,
        first: Position,
    ) -> Result<Segment, AppendError> {
        let (files, dir) = (&*self.files, &self.dir);
        let mut segment = make(files, dir, number, self.segment_bytes, Step::passed)?;
        segment.begin(store_id, first, Step::passed)?;
        Ok(segment)
    }
}

impl Segment {
    /// Writes and syncs the header. Only then may a frame follow.
    fn begin(
        &mut self,
        store_id: StoreId,
        first: Position,
        done: fn(Step),
    ) -> Result<(), AppendError> {
        let header = SegmentHeader { store_id, number: self.number, first }.encode();
        let failed = |action| AppendError::failed(action, &self.path);
        self.file.write_at(0, &header).map_err(failed("write the header of"))?;
        done(Step::HeaderWritten);
        self.file.sync_data().map_err(failed("sync"))?;
        done(Step::HeaderSynced);
        self.end = header.len() as u64;
        Ok(())
    }
}

/// Makes the file of a segment: reserved, zero, synced, its name too.
pub(super) fn make(
    files: &dyn FileLayer,
    dir: &Path,
    number: u64,
    capacity: u64,
    done: fn(Step),
) -> Result<Segment, AppendError> {
    make_at(files, dir, dir.join(segment::name(number)), number, capacity, done)
}

/// As [`make`], under any name.
pub(super) fn make_at(
    files: &dyn FileLayer,
    dir: &Path,
    path: PathBuf,
    number: u64,
    capacity: u64,
    done: fn(Step),
) -> Result<Segment, AppendError> {
    let file = files.create(&path).map_err(full_or_failed("create", &path))?;
    done(Step::SpareCreated);
    let mut spare = Segment { number, path, file, end: 0, capacity: 0 };
    if let Err(error) = reserve(&mut spare, capacity) {
        // An unfinished segment must not be in the way of the next attempt.
        files.remove(&spare.path).map_err(AppendError::failed("remove", &spare.path))?;
        return Err(error);
    }
    done(Step::SpareAllocated);
    spare.file.sync_all().map_err(AppendError::failed("sync", &spare.path))?;
    done(Step::SpareSynced);
    files.sync_dir(dir).map_err(AppendError::failed("sync", dir))?;
    done(Step::SpareListed);
    Ok(spare)
}

fn reserve(segment: &mut Segment, capacity: u64) -> Result<(), AppendError> {
    segment.file.allocate(capacity).map_err(full_or_failed("reserve space for", &segment.path))?;
    segment.capacity = capacity;
    Ok(())
}

fn full_or_failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AppendError {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppendError::Full,
        _ => AppendError::failed(action, path)(error),
    }
}
