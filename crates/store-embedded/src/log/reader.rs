//! A segment read into memory.

use std::path::{Path, PathBuf};

use fermata_types::Position;

use super::segment::{self, SECTOR, SegmentHeader};
use super::{Frame, OpenError, StoreId};
use crate::file::FileLayer;

/// The bytes of one segment, and what its header says.
#[derive(Debug)]
pub(super) struct SegmentImage {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// None if the segment has not begun: it was made ahead of time, or its header is damaged.
    pub(super) header: Option<SegmentHeader>,
    bytes: Vec<u8>,
}

impl SegmentImage {
    /// Reads the first sector only.
    pub(super) fn read_header(
        files: &dyn FileLayer,
        dir: &Path,
        number: u64,
    ) -> Result<Self, OpenError> {
        Self::read_up_to(files, dir, number, SECTOR as u64)
    }

    /// Reads all of a segment.
    pub(super) fn read(files: &dyn FileLayer, dir: &Path, number: u64) -> Result<Self, OpenError> {
        Self::read_up_to(files, dir, number, u64::MAX)
    }

    fn read_up_to(
        files: &dyn FileLayer,
        dir: &Path,
        number: u64,
        most: u64,
    ) -> Result<Self, OpenError> {
        let path = dir.join(segment::name(number));
        let file = files.open(&path).map_err(OpenError::io("open", &path))?;
        let length = file.length().map_err(OpenError::io("measure", &path))?.min(most);
        let length = usize::try_from(length)
            .map_err(|_| OpenError::corrupt(&path, 0, "longer than memory can be"))?;
        let mut bytes = vec![0; length];
        file.read_at(0, &mut bytes).map_err(OpenError::io("read", &path))?;
        let header = SegmentHeader::decode(&path, &bytes)?;
        Ok(Self { number, path, header, bytes })
    }

    /// The whole and valid frame at an offset.
    pub(super) fn frame_at(&self, offset: usize, store_id: StoreId) -> Option<Frame<'_>> {
        Frame::parse(self.bytes.get(offset..)?, store_id)
    }

    /// Where a valid frame of this store starts, at or after an offset, with this position or a
    /// later one.
    pub(super) fn frame_from(
        &self,
        offset: usize,
        store_id: StoreId,
        least: Position,
    ) -> Option<usize> {
        (offset..self.bytes.len()).step_by(SECTOR).find(|offset| {
            self.frame_at(*offset, store_id).is_some_and(|frame| frame.position >= least)
        })
    }

    /// Whether there are only zeros from an offset on.
    pub(super) fn is_zero_from(&self, offset: usize) -> bool {
        let tail = self.bytes.get(offset..).unwrap_or_default();
        // By words: a fresh segment is 64 MiB of zeros, and opening it should not take long.
        let (words, rest) = tail.as_chunks::<8>();
        words.iter().all(|word| u64::from_ne_bytes(*word) == 0) && rest.iter().all(|b| *b == 0)
    }

    /// Whole sectors the file has room for, in bytes.
    pub(super) const fn capacity(&self) -> usize {
        self.bytes.len() / SECTOR * SECTOR
    }
}
