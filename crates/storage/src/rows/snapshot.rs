//! A run's state written down, in chunks, so that loading it need not begin at its first event.
//! History stays the truth: a snapshot may be missing, old or unreadable. Deleted with the run.

use bytes::Bytes;
use fermata_types::RunId;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the run, and which chunk it is. Chunk 0 is the head; only what it names is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotKey {
    /// The run.
    pub run: RunId,
    /// The chunk.
    pub chunk: u32,
}

/// One chunk, at most 256 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRow {
    /// Where it is stored.
    pub key: SnapshotKey,
    /// Its content, which carries a version of its own.
    pub bytes: Bytes,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for SnapshotRow {
    type Key = SnapshotKey;
    const FAMILY: Family = Family::Snapshot;

    fn put_key(key: &SnapshotKey, out: &mut KeyWriter<'_>) {
        out.run(key.run).u32(key.chunk);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<SnapshotKey, CodecError> {
        Ok(SnapshotKey { run: from.run()?, chunk: from.u32()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.bytes, out);
    }

    fn take_value(key: SnapshotKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let bytes = codec::take_fields(bytes)?;
        Ok(Self { key, bytes })
    }
}
