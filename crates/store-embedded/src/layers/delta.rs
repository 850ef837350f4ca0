//! A delta: what a stretch of the log changed, one entry a key, in key order.

use std::collections::{BTreeSet, btree_set};
use std::ops::Bound;

use fermata_types::Position;

use super::entry::Entry;

/// The changes of the frames up to a position, since the delta before. A key written twice is
/// there once; one put and deleted is a tombstone, because an older layer may have it.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    entries: BTreeSet<Entry>,
    /// About the memory of the entries.
    bytes: usize,
    /// Bytes of the frames that went in, for a delta that stays small while its log grows.
    log_bytes: u64,
    /// The last frame that went in.
    pub(crate) position: Position,
}

impl Delta {
    /// An empty one that goes on after a position.
    pub(crate) fn after(position: Position) -> Self {
        Self { position, ..Self::default() }
    }

    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.replace(Entry::put(key, value));
    }

    /// Notes that the key has no row. `is_lowest` says that no older layer exists, so that
    /// nothing has to be hidden.
    pub(crate) fn delete(&mut self, key: &[u8], is_lowest: bool) {
        if is_lowest {
            let old = self.entries.take(key);
            self.bytes -= old.map_or(0, |old| old.footprint());
        } else {
            self.replace(Entry::tombstone(key));
        }
    }

    fn replace(&mut self, entry: Entry) {
        self.bytes += entry.footprint();
        let old = self.entries.replace(entry);
        self.bytes -= old.map_or(0, |old| old.footprint());
    }

    /// A frame of that many bytes has been applied.
    pub(crate) const fn note_frame(&mut self, position: Position, bytes: u64) {
        self.position = position;
        self.log_bytes += bytes;
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The entries from a key on.
    pub(crate) fn range(&self, start: Bound<&[u8]>) -> btree_set::Range<'_, Entry> {
        self.entries.range::<[u8], _>((start, Bound::Unbounded))
    }

    /// All entries in key order.
    pub(crate) fn iter(&self) -> btree_set::Iter<'_, Entry> {
        self.entries.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) const fn log_bytes(&self) -> u64 {
        self.log_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_entries() {
        let mut delta = Delta::default();
        let mut random = fermata_storage::conformance::XorShift::new(7);
        for step in 0..4000 {
            let key = vec![b'k'; random.below(20)];
            match random.below(3) {
                0 => delta.put(&key, &vec![1; random.below(300)]),
                1 => delta.delete(&key, false),
                _ => delta.delete(&key, true),
            }
            let counted: usize = delta.iter().map(Entry::footprint).sum();
            assert_eq!(delta.bytes(), counted, "step {step}");
        }
    }

    #[test]
    fn a_tombstone_stays_only_above_older_layers() {
        let mut delta = Delta::default();
        delta.put(b"a", b"1");
        delta.delete(b"a", true);
        assert!(delta.get(b"a").is_none());
        delta.put(b"a", b"1");
        delta.delete(b"a", false);
        assert!(delta.get(b"a").is_some_and(|entry| entry.value().is_none()));
    }
}
