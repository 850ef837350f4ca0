//! Deadlines: one row a run, its earliest. Updatable, deletable.

use fermata_types::{RunEpoch, RunId, ShardId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the run, under its shard so that a shard finds its own at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeadlineKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// The run.
    pub run: RunId,
}

/// When the run must be looked at, at the latest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineRow {
    /// Where it is stored.
    pub key: DeadlineKey,
    /// The time; 0 means at once (unfinished work after a crash).
    pub due: Timestamp,
    /// A row of an earlier epoch is stale and dropped when met.
    pub run_epoch: RunEpoch,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for DeadlineRow {
    type Key = DeadlineKey;
    const FAMILY: Family = Family::Deadline;

    fn put_key(key: &DeadlineKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).run(key.run);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<DeadlineKey, CodecError> {
        Ok(DeadlineKey { shard: from.shard()?, run: from.run()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(self.due, self.run_epoch), out);
    }

    fn take_value(key: DeadlineKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (due, run_epoch) = codec::take_fields(bytes)?;
        Ok(Self { key, due, run_epoch })
    }
}
