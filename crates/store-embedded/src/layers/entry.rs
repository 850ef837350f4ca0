//! One change of a row: key and value in one piece of memory.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// Bytes a change takes beside its key and value: its place in the tree, and the allocator's own.
const OVERHEAD: usize = 64;

/// What a delta says of one key: the row's bytes, or that there is none (a tombstone). Compares
/// by its key alone. One allocation each: there are hundreds of thousands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key, then the value.
    bytes: Box<[u8]>,
    key_length: u32,
    is_put: bool,
}

impl Entry {
    /// The row under a key is this.
    pub(crate) fn put(key: &[u8], value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(key.len() + value.len());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
        Self { bytes: bytes.into(), key_length: length(key), is_put: true }
    }

    /// There is no row under a key.
    pub(crate) fn tombstone(key: &[u8]) -> Self {
        Self { bytes: key.into(), key_length: length(key), is_put: false }
    }

    pub(crate) fn key(&self) -> &[u8] {
        self.parts().0
    }

    /// The row's bytes; none for a tombstone.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.is_put.then_some(self.parts().1)
    }

    /// About what the change takes of memory.
    pub(crate) fn footprint(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at_checked(self.key_length as usize).unwrap_or_default()
    }
}

fn length(key: &[u8]) -> u32 {
    u32::try_from(key.len()).expect("a group's limit is far below 4 GiB")
}

impl Borrow<[u8]> for Entry {
    fn borrow(&self) -> &[u8] {
        self.key()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}
