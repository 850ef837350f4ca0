//! Resolved definitions: what runs were started with. Immutable; deletable when no run of the
//! shard names them.

use bytes::Bytes;
use fermata_types::ShardId;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Hash of a resolved definition: the workflow with its task definitions and pinned children.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct DefinitionHash(pub [u8; 32]);

/// Key: a shard keeps its own copy, so that it needs no other shard to load a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResolvedKey {
    /// The shard.
    pub shard: ShardId,
    /// The hash of the content.
    pub hash: DefinitionHash,
}

/// One resolved definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedRow {
    /// Where it is stored.
    pub key: ResolvedKey,
    /// The definition as JSON.
    pub json: Bytes,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for ResolvedRow {
    type Key = ResolvedKey;
    const FAMILY: Family = Family::Resolved;

    fn put_key(key: &ResolvedKey, out: &mut KeyWriter<'_>) {
        out.shard(key.shard).fixed(&key.hash.0);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<ResolvedKey, CodecError> {
        Ok(ResolvedKey { shard: from.shard()?, hash: DefinitionHash(from.fixed()?) })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.json, out);
    }

    fn take_value(key: ResolvedKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let json = codec::take_fields(bytes)?;
        Ok(Self { key, json })
    }
}
