//! The rows in memory: all of them, encoded, in key order.
//!
//! Until checkpoints come this is the whole store; then it becomes what was written since the
//! last one, read first.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use fermata_storage::codec::{decode_row, encode_key, encode_key_of, encode_prefix};
use fermata_storage::{
    Batch, CodecError, CommitError, Family, Page, ReadError, Row, RowKey, ScanRange, Write,
};
use fermata_types::{ShardEpoch, ShardId};

use crate::log::WriteRef;

/// Encoded bytes after which a page ends, to bound the memory of a scan over large rows.
const PAGE_BYTES: usize = 4 << 20;
/// Bytes of a key that an error shows.
const KEY_BYTES_SHOWN: usize = 64;

/// Rows by key, both encoded, and the shards' epochs decoded.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    rows: BTreeMap<Box<[u8]>, Box<[u8]>>,
    epochs: BTreeMap<ShardId, ShardEpoch>,
}

impl Memory {
    /// Carries out one write of a durable frame.
    ///
    /// # Errors
    /// A shard's row cannot be read.
    pub(crate) fn apply(&mut self, write: WriteRef<'_>) -> Result<(), CodecError> {
        match write {
            WriteRef::Put { key, value } => {
                if is_shard(key)
                    && let Row::Shard(row) = decode_row(key, value)?
                {
                    self.epochs.insert(row.key.shard, row.epoch);
                }
                self.rows.insert(key.into(), value.into());
            }
            WriteRef::Delete { key } => {
                if is_shard(key)
                    && let RowKey::Shard(key) = fermata_storage::codec::decode_key(key)?
                {
                    self.epochs.remove(&key.shard);
                }
                self.rows.remove(key);
            }
        }
        Ok(())
    }

    /// Checks fences and assertions of a group, in order, on what the group itself changes.
    pub(crate) fn admit(&self, group: &[Batch]) -> Result<(), CommitError> {
        let mut staged = Staged::new(group);
        for batch in group {
            let stored = staged.epochs.get(&batch.shard).or_else(|| self.epochs.get(&batch.shard));
            if batch.epoch < stored.copied().unwrap_or_default() {
                return Err(CommitError::Fenced { shard: batch.shard });
            }
            for write in &batch.writes {
                match write {
                    Write::Put(row) => staged.put(row),
                    Write::Delete(key) => staged.delete(key),
                    Write::AssertAbsent(key) => {
                        let bytes = encoded(key);
                        let in_group = staged.asserted.get(&bytes).copied().flatten();
                        if in_group.unwrap_or_else(|| self.rows.contains_key(&*bytes)) {
                            return Err(CommitError::NotAbsent { key: Box::new(key.clone()) });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        let key = encoded(key);
        self.rows.get(&*key).map(|value| decode(&key, value)).transpose()
    }

    pub(crate) fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let mut prefix = Vec::new();
        encode_prefix(range, &mut prefix);
        let after = after.map(encoded).filter(|after| *after >= prefix);
        let start = match &after {
            Some(after) => Bound::Excluded(after.as_slice()),
            None => Bound::Included(prefix.as_slice()),
        };
        let mut page = Page::default();
        let mut bytes = 0;
        let found = self.rows.range::<[u8], _>((start, Bound::Unbounded));
        for (key, value) in found.take_while(|(key, _)| key.starts_with(&prefix)) {
            if page.rows.len() >= limit || bytes >= PAGE_BYTES {
                page.more = true;
                break;
            }
            bytes += key.len() + value.len();
            page.rows.push(decode(key, value)?);
        }
        Ok(page)
    }
}

/// What a group has changed so far, as far as its own assertions and fences can see it.
struct Staged {
    epochs: BTreeMap<ShardId, ShardEpoch>,
    /// For each key asserted anywhere in the group: whether the group has put or deleted it.
    asserted: BTreeMap<Vec<u8>, Option<bool>>,
    /// Families of those keys, so that other writes need no look-up.
    families: BTreeSet<Family>,
    scratch: Vec<u8>,
}

impl Staged {
    fn new(group: &[Batch]) -> Self {
        let (mut asserted, mut families) = (BTreeMap::new(), BTreeSet::new());
        for write in group.iter().flat_map(|batch| &batch.writes) {
            if let Write::AssertAbsent(key) = write {
                families.insert(key.family());
                asserted.insert(encoded(key), None);
            }
        }
        Self { epochs: BTreeMap::new(), asserted, families, scratch: Vec::new() }
    }

    fn put(&mut self, row: &Row) {
        if let Row::Shard(row) = row {
            self.epochs.insert(row.key.shard, row.epoch);
        }
        if self.families.contains(&row.family()) {
            self.scratch.clear();
            encode_key_of(row, &mut self.scratch);
            self.note(true);
        }
    }

    fn delete(&mut self, key: &RowKey) {
        if let RowKey::Shard(key) = key {
            self.epochs.insert(key.shard, ShardEpoch(0));
        }
        if self.families.contains(&key.family()) {
            self.scratch.clear();
            encode_key(key, &mut self.scratch);
            self.note(false);
        }
    }

    fn note(&mut self, present: bool) {
        if let Some(known) = self.asserted.get_mut(&self.scratch) {
            *known = Some(present);
        }
    }
}

fn is_shard(key: &[u8]) -> bool {
    key.first() == Some(&Family::Shard.ordinal())
}

fn encoded(key: &RowKey) -> Vec<u8> {
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
