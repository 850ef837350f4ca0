//! Payloads too large to stay in the event that brought them. Immutable; deleted with the run.

use bytes::Bytes;
use fermata_types::{EventNumber, RunId};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the event that brought the payload, and which of its payloads it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PayloadKey {
    /// The run.
    pub run: RunId,
    /// The event that brought it.
    pub event: EventNumber,
    /// Which payload of that event, from 0.
    pub part: u8,
}

/// The bytes of one payload, written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadRow {
    /// Where it is stored.
    pub key: PayloadKey,
    /// Raw JSON.
    pub bytes: Bytes,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for PayloadRow {
    type Key = PayloadKey;
    const FAMILY: Family = Family::Payload;

    fn put_key(key: &PayloadKey, out: &mut KeyWriter<'_>) {
        out.run(key.run).u64(key.event.0).u8(key.part);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<PayloadKey, CodecError> {
        Ok(PayloadKey { run: from.run()?, event: EventNumber(from.u64()?), part: from.u8()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &self.bytes, out);
    }

    fn take_value(key: PayloadKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let bytes = codec::take_fields(bytes)?;
        Ok(Self { key, bytes })
    }
}
