//! Reading: one row, or a page of a range, as of the latest commit.
//!
//! The active delta is read under the lock that commits need, so only what a page can hold is
//! copied from it; everything below is read after the lock has been let go.

use std::ops::Bound;
use std::sync::{Arc, RwLock};

use fermata_storage::codec::{decode_row, encode_key, encode_prefix};
use fermata_storage::{Page, ReadError, Row, RowKey, ScanRange};

use super::entry::Entry;
use super::merge::{Merge, Source};
use super::older::Older;
use super::stack::Layers;
use crate::checkpoint::CheckpointError;

/// Encoded bytes after which a page ends, to bound the memory of a scan over large rows.
const PAGE_BYTES: usize = 4 << 20;
/// Tombstones copied from the active delta beside the rows of a page.
const TOMBSTONES: usize = 4096;
/// Bytes of a key that an error shows.
const KEY_BYTES_SHOWN: usize = 64;

/// The row under a key.
pub(crate) fn get(layers: &RwLock<Layers>, key: &RowKey) -> Result<Option<Row>, ReadError> {
    let key = encoded(key);
    let layers = layers.read().map_err(|_| ReadError::Poisoned)?;
    if let Some(entry) = layers.active.get(&key) {
        return entry.value().map(|value| decode(&key, value)).transpose();
    }
    let older = layers.older.clone();
    drop(layers);
    let value = older.get(&key).map_err(CheckpointError::reading)?;
    value.map(|value| decode(&key, &value)).transpose()
}

/// A page of a range.
pub(crate) fn scan(
    layers: &RwLock<Layers>,
    range: &ScanRange,
    after: Option<&RowKey>,
    limit: usize,
) -> Result<Page, ReadError> {
    let mut prefix = Vec::new();
    encode_prefix(range, &mut prefix);
    let mut after = after.map(encoded).filter(|after| *after >= prefix);
    loop {
        let start = match &after {
            Some(after) => Bound::Excluded(after.as_slice()),
            None => Bound::Included(prefix.as_slice()),
        };
        let guard = layers.read().map_err(|_| ReadError::Poisoned)?;
        let copied = Copied::from(&guard, start, &prefix, limit);
        let older = guard.older.clone();
        drop(guard);
        let walk = Walk { prefix: &prefix, start, limit };
        let page = walk.page(&copied, &older)?;
        if !page.rows.is_empty() || !page.more || limit == 0 {
            return Ok(page);
        }
        // Nothing but tombstones so far: the next page begins behind them.
        after = copied.end;
    }
}

/// The part of the active delta that a page may need.
pub(crate) struct Copied {
    entries: Vec<Entry>,
    /// The last key copied if there are further ones in the range: the page ends there.
    end: Option<Vec<u8>>,
}

impl Copied {
    /// Nothing: for reading older layers alone.
    pub(crate) const NONE: Self = Self { entries: Vec::new(), end: None };

    fn from(layers: &Layers, start: Bound<&[u8]>, prefix: &[u8], limit: usize) -> Self {
        let (mut entries, mut rows, mut bytes) = (Vec::<Entry>::new(), 0, 0);
        let mut found = layers.active.range(start).take_while(|e| e.key().starts_with(prefix));
        for entry in found.by_ref() {
            let is_full = rows > limit || bytes > PAGE_BYTES || entries.len() > rows + TOMBSTONES;
            if is_full {
                let end = entries.last().map(|last| last.key().to_vec());
                return Self { entries, end };
            }
            rows += usize::from(entry.value().is_some());
            bytes += entry.footprint();
            entries.push(entry.clone());
        }
        Self { entries, end: None }
    }
}

/// A page to be read.
pub(crate) struct Walk<'a> {
    pub(crate) prefix: &'a [u8],
    pub(crate) start: Bound<&'a [u8]>,
    pub(crate) limit: usize,
}

impl Walk<'_> {
    /// Merges the layers up to the end of the page.
    pub(crate) fn page(&self, copied: &Copied, older: &Arc<Older>) -> Result<Page, ReadError> {
        let mut sources = vec![Source::Active(copied.entries.iter().peekable())];
        sources.extend(older.sources(self.start).map_err(CheckpointError::reading)?);
        let mut merge = Merge::new(sources);
        let (mut page, mut bytes) = (Page::default(), 0);
        while let Some(found) = merge.next().map_err(CheckpointError::reading)? {
            let key = found.key();
            if !key.starts_with(self.prefix) {
                return Ok(page);
            }
            if copied.end.as_deref().is_some_and(|end| key > end) {
                page.more = true;
                return Ok(page);
            }
            let Some(value) = found.value() else { continue };
            if page.rows.len() >= self.limit || bytes >= PAGE_BYTES {
                page.more = true;
                return Ok(page);
            }
            bytes += key.len() + value.len();
            page.rows.push(decode(key, value)?);
        }
        page.more = copied.end.is_some();
        Ok(page)
    }
}

pub(crate) fn encoded(key: &RowKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(key, &mut bytes);
    bytes
}

fn decode(key: &[u8], value: &[u8]) -> Result<Row, ReadError> {
    decode_row(key, value).map_err(|source| ReadError::Corrupt {
        key: key.iter().take(KEY_BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect(),
        source,
    })
}
