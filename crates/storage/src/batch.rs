//! What is written at once: a batch belongs to one shard, a group of batches to one commit.

use fermata_types::{ShardEpoch, ShardId};

use crate::rows::{Row, RowKey};

/// Everything one shard wants durable at once. Either all of it is written or nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The shard whose writer made the batch; its stored epoch fences it.
    pub shard: ShardId,
    /// The epoch under which the writer owns the shard. Lower than the stored one: refused.
    /// Equal or higher: accepted; only a [`crate::ShardRow`] among the writes raises the
    /// stored one.
    pub epoch: ShardEpoch,
    /// The writes, carried out in this order: a later one sees what an earlier one did.
    pub writes: Vec<Write>,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Writes the row, whether or not there was one under its key.
    Put(Row),
    /// Removes the row; nothing happens if there is none.
    Delete(RowKey),
    /// Writes nothing, and refuses the whole group if there is a row under the key, be it stored
    /// or put by an earlier write of the group.
    AssertAbsent(RowKey),
}
