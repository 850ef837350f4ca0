//! Lookup: runs by name while they are open, and by correlation for as long as they are kept.
//! Updatable, deletable; they need no search index (design 7).

use fermata_types::{RunId, ShardId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: one of the two ways to look a run up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LookupKey {
    /// Open runs of a workflow.
    Running {
        /// The shard of the run.
        shard: ShardId,
        /// The workflow's name.
        name: String,
        /// The run.
        run: RunId,
    },
    /// Runs of a workflow with a correlation id, open or closed.
    Correlated {
        /// The shard of the run.
        shard: ShardId,
        /// The workflow's name.
        name: String,
        /// The caller's correlation id.
        correlation: String,
        /// The run.
        run: RunId,
    },
}

/// First byte of a running row's key after the family.
pub(crate) const RUNNING: u8 = 1;
/// First byte of a correlated row's key after the family.
pub(crate) const CORRELATED: u8 = 2;

/// What a listing needs to know of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupRow {
    /// Where it is stored.
    pub key: LookupKey,
    /// The workflow's version.
    pub version: i32,
    /// When the run was started.
    pub created: Timestamp,
    /// Whether the run has ended.
    pub closed: bool,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for LookupRow {
    type Key = LookupKey;
    const FAMILY: Family = Family::Lookup;

    fn put_key(key: &LookupKey, out: &mut KeyWriter<'_>) {
        match key {
            LookupKey::Running { shard, name, run } => {
                out.u8(RUNNING).shard(*shard).text(name).run(*run)
            }
            LookupKey::Correlated { shard, name, correlation, run } => {
                out.u8(CORRELATED).shard(*shard).text(name).text(correlation).run(*run)
            }
        };
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<LookupKey, CodecError> {
        match from.u8()? {
            RUNNING => {
                let (shard, name) = (from.shard()?, from.text()?);
                Ok(LookupKey::Running { shard, name, run: from.run()? })
            }
            CORRELATED => {
                let (shard, name, correlation) = (from.shard()?, from.text()?, from.text()?);
                Ok(LookupKey::Correlated { shard, name, correlation, run: from.run()? })
            }
            _ => Err(CodecError::Malformed("unknown kind of lookup")),
        }
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(self.version, self.created, self.closed), out);
    }

    fn take_value(key: LookupKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (version, created, closed) = codec::take_fields(bytes)?;
        Ok(Self { key, version, created, closed })
    }
}
