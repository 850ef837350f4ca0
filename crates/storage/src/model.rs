//! The model store: an ordered map behind a lock. Obviously right, and the tests' reference.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fermata_types::{Position, ShardEpoch, ShardId};

use crate::batch::{Batch, Write};
use crate::rows::{Row, RowKey, ScanRange, ShardRowKey};
use crate::store::{CommitError, Page, ReadError, Store, SyncStats};
use crate::view::View;

/// A store in memory. Clones share the same rows, so a clone kept aside is "the disk" that a
/// simulated crash of the process leaves behind.
#[derive(Debug, Clone, Default)]
pub struct ModelStore {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    rows: BTreeMap<RowKey, Row>,
    position: Position,
    commits: u64,
}

impl ModelStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with the same rows and position.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// All rows in key order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.lock().rows.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic, so the state is whole in any case.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn page(&self, range: &ScanRange, after: Option<&RowKey>, limit: usize) -> Page {
        let lowest = range.lowest();
        let start = match after {
            Some(after) if *after >= lowest => Bound::Excluded(after),
            _ => Bound::Included(&lowest),
        };
        let mut found = self
            .rows
            .range::<RowKey, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| range.contains(key))
            .map(|(_, row)| row);
        let rows = found.by_ref().take(limit).cloned().collect();
        Page { rows, more: found.next().is_some() }
    }
}

impl View for State {
    fn position(&self) -> Position {
        self.position
    }

    fn scan_all(&self, after: Option<&RowKey>, limit: usize) -> Result<Page, ReadError> {
        Ok(self.page(&ScanRange::All, after, limit))
    }
}

impl Store for ModelStore {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        let mut state = self.lock();
        let mut undo = Vec::new();
        let outcome = group.iter().try_for_each(|batch| write(&mut state.rows, batch, &mut undo));
        if let Err(refused) = outcome {
            for (key, before) in undo.into_iter().rev() {
                match before {
                    Some(row) => state.rows.insert(key, row),
                    None => state.rows.remove(&key),
                };
            }
            return Err(refused);
        }
        if !undo.is_empty() {
            state.position = state.position.next();
            state.commits += 1;
        }
        Ok(state.position)
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        Ok(self.lock().rows.get(key).cloned())
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        Ok(self.lock().page(range, after, limit))
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        Ok(Box::new(self.lock().clone()))
    }

    fn position(&self) -> Position {
        self.lock().position
    }

    fn sync_stats(&self) -> SyncStats {
        SyncStats { syncs: self.lock().commits, ..SyncStats::default() }
    }
}

/// Carries out a batch, noting what each put or delete replaced.
fn write(
    rows: &mut BTreeMap<RowKey, Row>,
    batch: &Batch,
    undo: &mut Vec<(RowKey, Option<Row>)>,
) -> Result<(), CommitError> {
    if batch.epoch < stored_epoch(rows, batch.shard) {
        return Err(CommitError::Fenced { shard: batch.shard });
    }
    for write in &batch.writes {
        match write {
            Write::Put(row) => undo.push((row.key(), rows.insert(row.key(), row.clone()))),
            Write::Delete(key) => undo.push((key.clone(), rows.remove(key))),
            Write::AssertAbsent(key) if rows.contains_key(key) => {
                return Err(CommitError::NotAbsent { key: Box::new(key.clone()) });
            }
            Write::AssertAbsent(_) => {}
        }
    }
    Ok(())
}

fn stored_epoch(rows: &BTreeMap<RowKey, Row>, shard: ShardId) -> ShardEpoch {
    match rows.get(&RowKey::Shard(ShardRowKey { shard })) {
        Some(Row::Shard(row)) => row.epoch,
        _ => ShardEpoch(0),
    }
}
