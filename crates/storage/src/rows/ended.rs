//! Ended runs in the order they ended, so that retention reads what is old enough and no more.
//! Written when a run without a parent ends, deleted with it.

use fermata_types::{RunId, RunStatus, ShardId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the moment, then the run, under its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndedKey {
    /// The shard of the run.
    pub shard: ShardId,
    /// When the run ended; for a key that outlives its run, when the key may go.
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
}

/// What waits there for its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndedKind {
    /// A run without a parent that has ended. Stale if it is gone, open again, or ended later.
    Run,
    /// A run whose parent retention has removed: it goes too.
    Orphan,
    /// The run is removed; this idempotency key of it is kept until then.
    Key(String),
}

/// A run that has ended, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRow {
    /// Where it is stored.
    pub key: EndedKey,
    /// The workflow's name.
    pub name: String,
    /// How it ended.
    pub status: RunStatus,
    /// What it is.
    pub kind: EndedKind,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for EndedRow {
    type Key = EndedKey;
    const FAMILY: Family = Family::Ended;

    fn put_key(key: &EndedKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).timestamp(key.at).run(key.run);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<EndedKey, CodecError> {
        Ok(EndedKey { shard: from.shard()?, at: from.timestamp()?, run: from.run()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(&self.name, self.status, &self.kind), out);
    }

    fn take_value(key: EndedKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (name, status, kind) = codec::take_fields(bytes)?;
        Ok(Self { key, name, status, kind })
    }
}
