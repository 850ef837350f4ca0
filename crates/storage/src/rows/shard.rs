//! Shards: who may write. Updatable, never deleted.

use fermata_types::{ShardEpoch, ShardId};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardRowKey {
    /// The shard.
    pub shard: ShardId,
}

/// The epoch that fences a shard: batches under a lower one are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRow {
    /// Where it is stored.
    pub key: ShardRowKey,
    /// Raised by each new owner; no row means 0.
    pub epoch: ShardEpoch,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for ShardRow {
    type Key = ShardRowKey;
    const FAMILY: Family = Family::Shard;

    fn put_key(key: &ShardRowKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<ShardRowKey, CodecError> {
        Ok(ShardRowKey { shard: from.shard()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.epoch, out);
    }

    fn take_value(key: ShardRowKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let epoch = codec::take_fields(bytes)?;
        Ok(Self { key, epoch })
    }
}
