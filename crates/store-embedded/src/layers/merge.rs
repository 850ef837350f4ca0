//! Layers merged in key order: the newest layer that knows a key decides.

use std::cmp::Ordering;
use std::collections::btree_set;
use std::iter::Peekable;

use super::entry::Entry;
use crate::checkpoint::{CheckpointError, CheckpointRange, StoredEntry};

/// A layer from some key on.
pub(crate) enum Source<'a> {
    /// Entries copied from the active delta.
    Active(Peekable<std::slice::Iter<'a, Entry>>),
    /// A frozen delta.
    Delta(Peekable<btree_set::Range<'a, Entry>>),
    /// The checkpoint.
    Checkpoint(Peekable<CheckpointRange>),
}

/// What a layer says of a key.
pub(crate) enum Found<'a> {
    Entry(&'a Entry),
    Stored(StoredEntry),
}

impl Found<'_> {
    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Entry(entry) => entry.key(),
            Self::Stored(entry) => entry.key(),
        }
    }

    /// The row's bytes; none if there is no row.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Entry(entry) => entry.value(),
            Self::Stored(entry) => Some(entry.value()),
        }
    }
}

impl<'a> Source<'a> {
    /// The next key, if there is one. An error is a key below all others, so that it is met.
    fn peek(&mut self) -> Option<&[u8]> {
        match self {
            Self::Active(entries) => entries.peek().map(|entry| entry.key()),
            Self::Delta(entries) => entries.peek().map(|entry| entry.key()),
            Self::Checkpoint(entries) => {
                entries.peek().map(|entry| entry.as_ref().map_or(&[][..], StoredEntry::key))
            }
        }
    }

    fn next(&mut self) -> Result<Option<Found<'a>>, CheckpointError> {
        match self {
            Self::Active(entries) => Ok(entries.next().map(Found::Entry)),
            Self::Delta(entries) => Ok(entries.next().map(Found::Entry)),
            Self::Checkpoint(entries) => Ok(entries.next().transpose()?.map(Found::Stored)),
        }
    }
}

/// Walks layers, newest first, as one. Tombstones are answered too: they bound what was seen.
pub(crate) struct Merge<'a> {
    sources: Vec<Source<'a>>,
}

impl<'a> Merge<'a> {
    pub(crate) const fn new(sources: Vec<Source<'a>>) -> Self {
        Self { sources }
    }

    /// What the newest layer that knows the next key says of it.
    pub(crate) fn next(&mut self) -> Result<Option<Found<'a>>, CheckpointError> {
        let mut lowest: Option<(usize, &[u8])> = None;
        for (place, source) in self.sources.iter_mut().enumerate() {
            let Some(key) = source.peek() else { continue };
            if lowest.is_none_or(|(_, least)| key < least) {
                lowest = Some((place, key));
            }
        }
        let Some((winner, _)) = lowest else { return Ok(None) };
        let found = self.sources.get_mut(winner).map_or(Ok(None), Source::next)?;
        let Some(found) = found else { return Ok(None) };
        // Older layers that know the same key are overruled.
        for source in self.sources.iter_mut().skip(winner + 1) {
            if source.peek().is_some_and(|key| key.cmp(found.key()) == Ordering::Equal) {
                source.next()?;
            }
        }
        Ok(Some(found))
    }
}
