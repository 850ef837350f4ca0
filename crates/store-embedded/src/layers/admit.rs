//! Fences and assertions of a group, checked before it is written.

use std::collections::{BTreeMap, BTreeSet};

use fermata_storage::codec::{encode_key, encode_key_of};
use fermata_storage::{Batch, CommitError, Family, Row, RowKey, Write};
use fermata_types::{ShardEpoch, ShardId};

use super::read::encoded;
use super::stack::Layers;
use crate::checkpoint::CheckpointError;

/// Why a group is not admitted.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// By a fence or an assertion.
    Refused(CommitError),
    /// The checkpoint cannot be read.
    Unreadable(CheckpointError),
}

impl Layers {
    /// Checks fences and assertions of a group, in order, on what the group itself changes.
    pub(crate) fn admit(&self, group: &[Batch]) -> Result<(), Refusal> {
        let mut staged = Staged::new(group);
        for batch in group {
            let stored = staged.epochs.get(&batch.shard).or_else(|| self.epochs.get(&batch.shard));
            if batch.epoch < stored.copied().unwrap_or_default() {
                return Err(Refusal::Refused(CommitError::Fenced { shard: batch.shard }));
            }
            for write in &batch.writes {
                match write {
                    Write::Put(row) => staged.put(row),
                    Write::Delete(key) => staged.delete(key),
                    Write::AssertAbsent(key) => {
                        let bytes = encoded(key);
                        let in_group = staged.asserted.get(&bytes).copied().flatten();
                        if in_group.map_or_else(|| self.contains(&bytes), Ok)? {
                            let key = Box::new(key.clone());
                            return Err(Refusal::Refused(CommitError::NotAbsent { key }));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Refusal> {
        match self.active.get(key) {
            Some(entry) => Ok(entry.value().is_some()),
            None => self.older.contains(key).map_err(Refusal::Unreadable),
        }
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
