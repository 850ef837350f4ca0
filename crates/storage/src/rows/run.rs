//! Runs: one small row each, enough to list, load and delete them. Updatable, deletable.

use std::cmp::Ordering;

use fermata_types::{EventNumber, RunId, RunStatus, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{DefinitionHash, Family, StoredRow};

/// Key: the run. Rows are ordered by the id's shard key first, then by the id, so that the runs
/// of one shard key lie together, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The run.
    pub run: RunId,
}

impl Ord for RunKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.run.key(), self.run).cmp(&(other.run.key(), other.run))
    }
}

impl PartialOrd for RunKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What is known of a run without its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Where it is stored.
    pub key: RunKey,
    /// Its status.
    pub status: RunStatus,
    /// The resolved definition it was started with.
    pub definition: DefinitionHash,
    /// The workflow's name.
    pub name: String,
    /// The workflow's version.
    pub version: i32,
    /// The caller's correlation id.
    pub correlation: Option<String>,
    /// When it was started.
    pub created: Timestamp,
    /// When it ended in its latest epoch; none while it is open.
    pub closed: Option<Timestamp>,
    /// The sub-workflow task it belongs to.
    pub parent: Option<TaskId>,
    /// Number of its last event.
    pub last: EventNumber,
    /// The key it was started under, so that its dedup row can be found.
    pub idempotency_key: Option<String>,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for RunRow {
    type Key = RunKey;
    const FAMILY: Family = Family::Run;

    fn put_key(key: &RunKey, out: &mut KeyWriter<'_>) {
        out.u16(key.run.key().get()).run(key.run);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<RunKey, CodecError> {
        let (shard_key, run) = (from.u16()?, from.run()?);
        if run.key().get() == shard_key {
            Ok(RunKey { run })
        } else {
            Err(CodecError::Malformed("shard key of another run"))
        }
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(
            VERSION,
            &(
                self.status,
                self.definition,
                &self.name,
                self.version,
                &self.correlation,
                self.created,
                self.closed,
                self.parent,
                self.last,
                &self.idempotency_key,
            ),
            out,
        );
    }

    fn take_value(key: RunKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (
            status,
            definition,
            name,
            version,
            correlation,
            created,
            closed,
            parent,
            last,
            idempotency_key,
        ) = codec::take_fields(bytes)?;
        Ok(Self {
            key,
            status,
            definition,
            name,
            version,
            correlation,
            created,
            closed,
            parent,
            last,
            idempotency_key,
        })
    }
}
