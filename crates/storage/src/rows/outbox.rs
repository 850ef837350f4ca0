//! Outbox: commands that left a run in a commit, until their target has them. Immutable;
//! deleted when the delivery is durable.

use bytes::Bytes;
use fermata_types::ShardId;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: numbered, so that the target can drop what it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutboxKey {
    /// The shard that sent it.
    pub source: ShardId,
    /// The shard it goes to.
    pub target: ShardId,
    /// Between two shards it only goes up for a source, also over restarts, and has gaps; within
    /// one shard it counts from 1.
    pub number: u64,
}

/// One command on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Where it is stored.
    pub key: OutboxKey,
    /// The encoded command. This crate does not look inside.
    pub command: Bytes,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for OutboxRow {
    type Key = OutboxKey;
    const FAMILY: Family = Family::Outbox;

    fn put_key(key: &OutboxKey, out: &mut KeyWriter<'_>) {
        out.shard(key.source).shard(key.target).u64(key.number);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<OutboxKey, CodecError> {
        Ok(OutboxKey { source: from.shard()?, target: from.shard()?, number: from.u64()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.command, out);
    }

    fn take_value(key: OutboxKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let command = codec::take_fields(bytes)?;
        Ok(Self { key, command })
    }
}
