//! Received: how far a shard has taken in what another one sends. Updatable, never deleted.

use fermata_types::ShardId;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the receiving shard and the sending one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReceivedKey {
    /// The shard that received; the row lives here.
    pub target: ShardId,
    /// The shard that sent.
    pub source: ShardId,
}

/// The last command of the source that the target has taken in, written in the batch of what the
/// command did: a command that comes again after a crash is known by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedRow {
    /// Where it is stored.
    pub key: ReceivedKey,
    /// Number of that command in the source's outbox; it only goes up.
    pub last: u64,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for ReceivedRow {
    type Key = ReceivedKey;
    const FAMILY: Family = Family::Received;

    fn put_key(key: &ReceivedKey, out: &mut KeyWriter<'_>) {
        out.shard(key.target).shard(key.source);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<ReceivedKey, CodecError> {
        Ok(ReceivedKey { target: from.shard()?, source: from.shard()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.last, out);
    }

    fn take_value(key: ReceivedKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let last = codec::take_fields(bytes)?;
        Ok(Self { key, last })
    }
}
