//! Queues: tasks that someone may take. Written when a task is ready, deleted when it is leased
//! or closed; never updated.

use std::cmp::{Ordering, Reverse};

use fermata_types::{RunEpoch, ShardId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// A task's place in its queue: higher priority first, then earlier due, then the older task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ready {
    /// 0 to 99 in Conductor; the higher one goes first.
    pub priority: u8,
    /// When it became, or becomes, ready.
    pub due: Timestamp,
    /// The task; ids grow with time.
    pub age: TaskId,
}

impl Ord for Ready {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |ready: &Self| (Reverse(ready.priority), ready.due, ready.age);
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Key: the shard, the queue's name and the task's place in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueueKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// The queue's name: task type and domain.
    pub queue: String,
    /// The place in the queue, and the task.
    pub ready: Ready,
}

/// One task that may be taken, now or when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// Where it is stored.
    pub key: QueueKey,
    /// A row of an earlier epoch is stale and dropped when met.
    pub run_epoch: RunEpoch,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for QueueRow {
    type Key = QueueKey;
    const FAMILY: Family = Family::Queue;

    fn put_key(key: &QueueKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).text(&key.queue);
        out.u8(u8::MAX - key.ready.priority).timestamp(key.ready.due).task(key.ready.age);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<QueueKey, CodecError> {
        let (shard, queue) = (from.shard()?, from.text()?);
        let priority = u8::MAX - from.u8()?;
        let ready = Ready { priority, due: from.timestamp()?, age: from.task()? };
        Ok(QueueKey { shard, queue, ready })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.run_epoch, out);
    }

    fn take_value(key: QueueKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let run_epoch = codec::take_fields(bytes)?;
        Ok(Self { key, run_epoch })
    }
}
