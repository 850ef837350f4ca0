//! What the checkpoint file holds (`docs/formats/checkpoint.md`), and reading it as of a moment.
//!
//! A row's value carries a checksum over key and value: redb checks pages only when it repairs.

use std::ops::Bound;
use std::sync::Arc;

use redb::{AccessGuard, Range, ReadOnlyTable, TableDefinition};

use super::error::CheckpointError;
use super::file::CheckpointFile;

/// The rows: key bytes; checksum (4) and value bytes.
pub(super) const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");
/// What the rows are: the names below.
pub(super) const ABOUT: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("about");
/// Format version, 4 bytes.
pub(super) const FORMAT: &str = "format";
/// Store id, 16 bytes.
pub(super) const STORE: &str = "store";
/// Position, 8 bytes: all frames up to it are in the rows, and no later one.
pub(super) const POSITION: &str = "position";
/// The version of what this module describes.
pub(super) const VERSION: u32 = 1;

const CHECKSUM: usize = 4;

/// A row's value as it is stored.
pub(super) fn encode(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(checksum(key, value).to_be_bytes());
    out.extend_from_slice(value);
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), value)
}

fn decode<'a>(key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], CheckpointError> {
    let (crc, value) = stored.split_first_chunk::<CHECKSUM>().ok_or(CheckpointError::Damaged)?;
    let is_whole = u32::from_be_bytes(*crc) == checksum(key, value);
    if is_whole { Ok(value) } else { Err(CheckpointError::Damaged) }
}

/// The rows of one checkpoint. Later checkpoints do not change it; as long as it lives, they
/// cannot use again the pages it needs.
pub(crate) struct CheckpointView {
    // Dropped before what it reads from.
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    file: Arc<CheckpointFile>,
}

impl CheckpointView {
    pub(super) const fn new(
        table: ReadOnlyTable<&'static [u8], &'static [u8]>,
        file: Arc<CheckpointFile>,
    ) -> Self {
        Self { table, file }
    }

    /// The row's bytes.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, CheckpointError> {
        let found = self.table.get(key).map_err(|error| self.file.explain(error))?;
        found.map(|stored| Ok(decode(key, stored.value())?.to_vec())).transpose()
    }

    pub(crate) fn contains(&self, key: &[u8]) -> Result<bool, CheckpointError> {
        Ok(self.table.get(key).map_err(|error| self.file.explain(error))?.is_some())
    }

    /// The rows from a key on.
    pub(crate) fn range(&self, start: Bound<&[u8]>) -> Result<CheckpointRange, CheckpointError> {
        let range = self.table.range::<&[u8]>((start, Bound::Unbounded));
        let range = range.map_err(|error| self.file.explain(error))?;
        Ok(CheckpointRange { range, file: self.file.clone() })
    }
}

impl std::fmt::Debug for CheckpointView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckpointView").finish_non_exhaustive()
    }
}

/// Rows of a checkpoint in key order.
pub(crate) struct CheckpointRange {
    range: Range<'static, &'static [u8], &'static [u8]>,
    file: Arc<CheckpointFile>,
}

impl Iterator for CheckpointRange {
    type Item = Result<StoredEntry, CheckpointError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.range.next()?;
        Some(next.map_err(|error| self.file.explain(error)).and_then(|(key, stored)| {
            decode(key.value(), stored.value())?;
            Ok(StoredEntry { key, stored })
        }))
    }
}

/// A row of a checkpoint, whole.
pub(crate) struct StoredEntry {
    key: AccessGuard<'static, &'static [u8]>,
    stored: AccessGuard<'static, &'static [u8]>,
}

impl StoredEntry {
    pub(crate) fn key(&self) -> &[u8] {
        self.key.value()
    }

    pub(crate) fn value(&self) -> &[u8] {
        self.stored.value().get(CHECKSUM..).unwrap_or_default()
    }
}
