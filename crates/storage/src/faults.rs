//! A store that fails on demand, for tests of what stands above it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fermata_types::Position;

use crate::batch::Batch;
use crate::rows::{Row, RowKey, ScanRange};
use crate::store::{CommitError, Page, ReadError, Store, SyncStats};
use crate::view::View;

/// What happens to a commit instead of success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused as if another owner had the shard of its first batch; nothing happens.
    Fenced,
    /// Refused for want of space; nothing happens.
    StorageFull,
    /// The group is lost and the outcome unknown; the store is poisoned.
    UnknownAndLost,
    /// The group is durable all the same, the outcome unknown; the store is poisoned.
    UnknownAndKept,
}

/// Wraps a store and fails the commits it was told to, counted from 0. Deterministic: nothing
/// but the number of a commit decides.
pub struct FaultyStore<S> {
    inner: S,
    faults: Mutex<BTreeMap<u64, Fault>>,
    commits: AtomicU64,
    poisoned: AtomicBool,
}

/// The cause inside [`CommitError::OutcomeUnknown`] of a [`FaultyStore`].
#[derive(Debug, thiserror::Error)]
#[error("injected fault {0:?}")]
pub struct InjectedFault(pub Fault);

impl<S: Store> FaultyStore<S> {
    /// Wraps a store; no commit fails yet.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            faults: Mutex::default(),
            commits: AtomicU64::new(0),
            poisoned: AtomicBool::new(false),
        }
    }

    /// Makes the commit with this number fail; commits are counted from 0, refused ones included.
    pub fn fail_commit(&self, number: u64, fault: Fault) {
        self.faults().insert(number, fault);
    }

    /// How many commits were asked for so far.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// The store inside: what a reopened process would find.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    fn faults(&self) -> MutexGuard<'_, BTreeMap<u64, Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits as `commit` does, unless this commit is to fail.
    fn commit_with(
        &self,
        group: &[Batch],
        commit: impl Fn(&S) -> Result<Position, CommitError>,
    ) -> Result<Position, CommitError> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(CommitError::Poisoned);
        }
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let Some(fault) = self.faults().remove(&number) else {
            return commit(&self.inner);
        };
        match (fault, group.first()) {
            (Fault::Fenced, Some(batch)) => {
                return Err(CommitError::Fenced { shard: batch.shard });
            }
            (Fault::Fenced, None) => return commit(&self.inner),
            (Fault::StorageFull, _) => return Err(CommitError::StorageFull),
            (Fault::UnknownAndKept, _) => {
                // A group that would have been refused is refused: refusals are not unknown.
                commit(&self.inner)?;
            }
            (Fault::UnknownAndLost, _) => {}
        }
        self.poisoned.store(true, Ordering::SeqCst);
        Err(CommitError::OutcomeUnknown { source: Box::new(InjectedFault(fault)) })
    }

    fn readable(&self) -> Result<(), ReadError> {
        if self.poisoned.load(Ordering::SeqCst) { Err(ReadError::Poisoned) } else { Ok(()) }
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.commit_with(group, |inner| inner.commit(group))
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.readable()?;
        self.inner.get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.readable()?;
        self.inner.scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        self.readable()?;
        self.inner.view()
    }

    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.commit_with(group, |inner| inner.commit_from_reserve(group))
    }

    fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn sync_stats(&self) -> SyncStats {
        self.inner.sync_stats()
    }
}
