//! Idempotency keys of starts. Written once with the run; deleted with it, after 7 days at the
//! earliest.

use fermata_types::{RunId, ShardId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the workflow's name and the caller's key, on the shard both hash to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DedupKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// The workflow's name.
    pub name: String,
    /// The caller's idempotency key.
    pub key: String,
}

/// The run that a key has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedupRow {
    /// Where it is stored.
    pub key: DedupKey,
    /// The run.
    pub run: RunId,
    /// When it was started.
    pub created: Timestamp,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for DedupRow {
    type Key = DedupKey;
    const FAMILY: Family = Family::Dedup;

    fn put_key(key: &DedupKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).text(&key.name).text(&key.key);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<DedupKey, CodecError> {
        Ok(DedupKey { shard: from.shard()?, name: from.text()?, key: from.text()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(self.run, self.created), out);
    }

    fn take_value(key: DedupKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (run, created) = codec::take_fields(bytes)?;
        Ok(Self { key, run, created })
    }
}
