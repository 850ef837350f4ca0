//! Messages waiting in a lane. Immutable; deleted when consumed, expired or with the run.

use fermata_types::{MessageOffset, Payload, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the message's place in its lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// The run.
    pub run: RunId,
    /// The name of the lane.
    pub lane: String,
    /// From 1, without gaps.
    pub offset: MessageOffset,
}

/// One pending message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Where it is stored.
    pub key: MessageKey,
    /// The id the sender was told.
    pub id: String,
    /// The message itself.
    pub payload: Payload,
    /// When it was accepted.
    pub received: Timestamp,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for MessageRow {
    type Key = MessageKey;
    const FAMILY: Family = Family::Message;

    fn put_key(key: &MessageKey, out: &mut KeyWriter<'_>) {
        out.run(key.run).text(&key.lane).u64(key.offset.0);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<MessageKey, CodecError> {
        let (run, lane) = (from.run()?, from.text()?);
        Ok(MessageKey { run, lane, offset: MessageOffset(from.u64()?) })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(&self.id, &self.payload, self.received), out);
    }

    fn take_value(key: MessageKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (id, payload, received) = codec::take_fields(bytes)?;
        Ok(Self { key, id, payload, received })
    }
}
