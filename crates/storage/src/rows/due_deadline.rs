//! Deadlines by time: at least one row for each run that waits for a time, due no later than
//! that. What is due next is read by range; nothing has to be in memory for it.

use fermata_types::{RunEpoch, RunId, ShardId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the shard, the time and the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DueDeadlineKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// When the run must be looked at; 0 means at once (unfinished work after a crash).
    pub due: Timestamp,
    /// The run.
    pub run: RunId,
}

/// The run must be looked at, at the latest when the row is due. Whoever meets a row too early, or
/// one of a run that waits for something else by now, removes it and writes the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueDeadlineRow {
    /// Where it is stored.
    pub key: DueDeadlineKey,
    /// A row of an earlier epoch is stale and dropped when met.
    pub run_epoch: RunEpoch,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for DueDeadlineRow {
    type Key = DueDeadlineKey;
    const FAMILY: Family = Family::DueDeadline;

    fn put_key(key: &DueDeadlineKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).timestamp(key.due).run(key.run);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<DueDeadlineKey, CodecError> {
        Ok(DueDeadlineKey { shard: from.shard()?, due: from.timestamp()?, run: from.run()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.run_epoch, out);
    }

    fn take_value(key: DueDeadlineKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let run_epoch = codec::take_fields(bytes)?;
        Ok(Self { key, run_epoch })
    }
}
