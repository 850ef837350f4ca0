//! Leases: tasks in workers' hands whose type has a rate or a concurrency limit. Written in the
//! batch of the lease, deleted in the batch in which the task leaves the worker's hands.

use fermata_types::{ShardId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the task, under its shard so that a shard finds its own at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// The leased task.
    pub task: TaskId,
}

/// A permit in use: what the limits of a type are counted from after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// Where it is stored.
    pub key: LeaseKey,
    /// The task type, whose definition has the limit.
    pub task_type: String,
    /// When the task was leased: it counts for the rate from then on.
    pub leased: Timestamp,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for LeaseRow {
    type Key = LeaseKey;
    const FAMILY: Family = Family::Lease;

    fn put_key(key: &LeaseKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).task(key.task);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<LeaseKey, CodecError> {
        Ok(LeaseKey { shard: from.shard()?, task: from.task()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(&self.task_type, self.leased), out);
    }

    fn take_value(key: LeaseKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (task_type, leased) = codec::take_fields(bytes)?;
        Ok(Self { key, task_type, leased })
    }
}
