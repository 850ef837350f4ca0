//! Lanes: the truth about a run's message streams. Updatable; deleted with the run.

use fermata_types::{MessageOffset, RunId};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the run and the name of the lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// The run.
    pub run: RunId,
    /// Its name; `default` is the Conductor queue.
    pub lane: String,
}

/// How far a lane has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRow {
    /// Where it is stored.
    pub key: LaneKey,
    /// The last message accepted; 0 if none ever was.
    pub head: MessageOffset,
    /// The last message consumed; never beyond the head.
    pub cursor: MessageOffset,
    /// Bytes of the pending messages.
    pub bytes: u64,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for LaneRow {
    type Key = LaneKey;
    const FAMILY: Family = Family::Lane;

    fn put_key(key: &LaneKey, out: &mut KeyWriter<'_>) {
        out.run(key.run).text(&key.lane);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<LaneKey, CodecError> {
        Ok(LaneKey { run: from.run()?, lane: from.text()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(self.head, self.cursor, self.bytes), out);
    }

    fn take_value(key: LaneKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (head, cursor, bytes) = codec::take_fields(bytes)?;
        Ok(Self { key, head, cursor, bytes })
    }
}
