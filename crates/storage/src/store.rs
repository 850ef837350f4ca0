//! The seam: what the engine asks of a store, and what a store promises.

use std::sync::Arc;
use std::time::Duration;

use fermata_types::{Position, ShardId};

use crate::batch::Batch;
use crate::codec::CodecError;
use crate::rows::{Row, RowKey, ScanRange};
use crate::view::View;

/// Rows of all families, written in groups of batches and read at the latest committed position.
///
/// Every call blocks; the caller decides on which thread. Only the owner of a shard writes or
/// reads its rows, so a reader sees its own last commit and nobody else's half of one.
pub trait Store: Send + Sync {
    /// Makes a whole group durable: all its batches, in order, with one sync, or none of them.
    /// Later writes of the group see earlier ones, also across its batches.
    ///
    /// When this returns `Ok`, the group survives any crash, and the position returned counts
    /// it. A group without a put or a delete changes nothing and costs no sync; its fences
    /// and assertions are checked all the same. A crash while it runs leaves all or nothing.
    ///
    /// # Errors
    /// See [`CommitError`]: all but `OutcomeUnknown` mean that nothing happened.
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError>;

    /// The row under a key, as of the latest commit.
    ///
    /// # Errors
    /// The store is poisoned, the row cannot be decoded, or the engine below failed to read.
    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError>;

    /// Up to `limit` rows of a range in key order, those after the key `after` if one is given
    /// (it need not exist nor lie in the range). A store may return fewer rows than `limit`
    /// to bound memory, but at least one if there is one and `limit` is not 0: only
    /// [`Page::more`] says whether the range is done.
    ///
    /// A page is consistent in itself; a commit may fall between two pages.
    ///
    /// # Errors
    /// As for [`Store::get`].
    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError>;

    /// All rows as of the latest commit, to be read at leisure while commits go on.
    ///
    /// # Errors
    /// As for [`Store::get`].
    fn view(&self) -> Result<Box<dyn View>, ReadError>;

    /// As [`Store::commit`], for a group that frees space or must not wait for it (deletes,
    /// terminations, retention): a store that keeps a reserve lets it use that when there is no
    /// other space. Without a reserve, the same as `commit`.
    ///
    /// # Errors
    /// As for [`Store::commit`]; `StorageFull` when the reserve is used up too.
    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.commit(group)
    }

    /// Whether commits are refused for want of space, as far as the store knows: it finds out by
    /// itself when there is space again. What [`Store::commit_from_reserve`] writes may still be
    /// accepted.
    fn is_full(&self) -> bool {
        false
    }

    /// The latest committed position; [`Position`] 0 is an empty store.
    fn position(&self) -> Position;

    /// What syncing has cost so far in this life of the store.
    fn sync_stats(&self) -> SyncStats;
}

/// Part of a range, in key order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether the range held further rows after the last of these.
    pub more: bool,
}

/// Counters of a store's commits since it was opened. All zero for a store without a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SyncStats {
    /// Syncs that made a commit durable: one for each group.
    pub syncs: u64,
    /// Bytes written by commits, framing and padding included.
    pub bytes: u64,
    /// Time spent in those syncs.
    pub time: Duration,
    /// The longest of them.
    pub longest: Duration,
}

/// Why a group was not, or may not have been, committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A batch's epoch is lower than the stored one: someone else owns the shard. Nothing
    /// happened. The owner drops the shard's states; the other batches may be sent again.
    #[error("shard {shard} is owned under a later epoch")]
    Fenced {
        /// The shard of the first stale batch.
        shard: ShardId,
    },
    /// A key asserted absent has a row. Nothing happened; it is a defect of the caller.
    #[error("a row exists under a key asserted absent: {key:?}")]
    NotAbsent {
        /// The first such key.
        key: Box<RowKey>,
    },
    /// The group is larger than the store can write at once. Nothing happened.
    #[error("the group has {bytes} bytes, over the limit of {limit}")]
    TooLarge {
        /// Encoded size of the group, as far as it was encoded.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// There is no space for the group. Nothing happened, and the store goes on: reads work,
    /// and commits work again when there is space.
    #[error("storage is full")]
    StorageFull,
    /// A write or a sync failed: the group may or may not be durable. The store is poisoned;
    /// opening it anew tells which.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown {
        /// What failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An earlier failure poisoned the store. Nothing happened.
    #[error("the store is poisoned by an earlier failure")]
    Poisoned,
}

/// Why rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Stored bytes that are no row: damage, or a newer program's row.
    #[error("corrupt row: {source}; key bytes {key}")]
    Corrupt {
        /// The start of the stored key in hex.
        key: String,
        /// What is wrong with it.
        #[source]
        source: CodecError,
    },
    /// An earlier failure poisoned the store.
    #[error("the store is poisoned by an earlier failure")]
    Poisoned,
    /// The engine below could not be read. The next call may succeed.
    #[error("cannot read")]
    Failed {
        /// What failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        (**self).commit(group)
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        (**self).get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        (**self).scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        (**self).view()
    }

    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        (**self).commit_from_reserve(group)
    }

    fn is_full(&self) -> bool {
        (**self).is_full()
    }

    fn position(&self) -> Position {
        (**self).position()
    }

    fn sync_stats(&self) -> SyncStats {
        (**self).sync_stats()
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        (**self).commit(group)
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        (**self).get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        (**self).scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        (**self).view()
    }

    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        (**self).commit_from_reserve(group)
    }

    fn is_full(&self) -> bool {
        (**self).is_full()
    }

    fn position(&self) -> Position {
        (**self).position()
    }

    fn sync_stats(&self) -> SyncStats {
        (**self).sync_stats()
    }
}
