//! Staged rows and deletions until their batch is durable. Loaders read here first, then the
//! store (design 2.6): decisions run ahead of the disk, reads must not fall behind them.

use std::collections::BTreeMap;

use fermata_storage::{Row, RowKey, Write};
use fermata_types::BatchNumber;

/// Rows of undurable batches, the latest of each key.
#[derive(Debug, Default)]
pub struct Overlay {
    rows: BTreeMap<RowKey, (BatchNumber, Option<Row>)>,
    by_batch: BTreeMap<BatchNumber, Vec<RowKey>>,
}

/// Families a loader may ask for while the run they belong to is in memory.
const fn is_kept(key: &RowKey) -> bool {
    matches!(key, RowKey::History(_) | RowKey::Payload(_) | RowKey::Message(_) | RowKey::Dedup(_))
}

impl Overlay {
    /// Remembers a write of a batch.
    pub fn note(&mut self, batch: BatchNumber, write: &Write) {
        let (key, row) = match write {
            Write::Put(row) => (row.key(), Some(row)),
            Write::Delete(key) => (key.clone(), None),
            Write::AssertAbsent(_) => return,
        };
        if is_kept(&key) {
            self.rows.insert(key.clone(), (batch, row.cloned()));
            self.by_batch.entry(batch).or_default().push(key);
        }
    }

    /// What is staged under a key: none when nothing is, `Some(None)` for a deletion.
    #[must_use]
    pub fn get(&self, key: &RowKey) -> Option<Option<&Row>> {
        self.rows.get(key).map(|(_, row)| row.as_ref())
    }

    /// Forgets what batches up to this one staged, unless a later one staged it again.
    pub fn durable(&mut self, through: BatchNumber) {
        while let Some(entry) = self.by_batch.first_entry() {
            if *entry.key() > through {
                break;
            }
            let batch = *entry.key();
            for key in entry.remove() {
                if self.rows.get(&key).is_some_and(|(staged, _)| *staged == batch) {
                    self.rows.remove(&key);
                }
            }
        }
    }

    /// Forgets everything: its batches were refused.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.by_batch.clear();
    }
}
