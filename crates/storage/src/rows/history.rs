//! History: the truth about runs. Immutable; deleted only with the whole run.

use bytes::Bytes;
use fermata_types::{EventNumber, RunId};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the run and the first event of the row; a run's rows follow its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HistoryKey {
    /// The run.
    pub run: RunId,
    /// Number of the first event in the row.
    pub first: EventNumber,
}

/// The events of one transition, packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Where it is stored.
    pub key: HistoryKey,
    /// How many events the row holds; at least one, and the next row starts after them.
    pub count: u32,
    /// The encoded events. This crate does not look inside.
    pub events: Bytes,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for HistoryRow {
    type Key = HistoryKey;
    const FAMILY: Family = Family::History;

    fn put_key(key: &HistoryKey, out: &mut KeyWriter<'_>) {
        out.run(key.run).u64(key.first.0);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<HistoryKey, CodecError> {
        Ok(HistoryKey { run: from.run()?, first: EventNumber(from.u64()?) })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(self.count, &self.events), out);
    }

    fn take_value(key: HistoryKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (count, events) = codec::take_fields(bytes)?;
        Ok(Self { key, count, events })
    }
}
