//! Log lines that workers send with results. Immutable; deleted with the run.

use fermata_types::{TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: the task and the line's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskLogKey {
    /// The task.
    pub task: TaskId,
    /// From 0 in the order of arrival.
    pub number: u32,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLogRow {
    /// Where it is stored.
    pub key: TaskLogKey,
    /// What the worker wrote.
    pub text: String,
    /// When, by the worker's own account or that of the server.
    pub created: Timestamp,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for TaskLogRow {
    type Key = TaskLogKey;
    const FAMILY: Family = Family::TaskLog;

    fn put_key(key: &TaskLogKey, out: &mut KeyWriter<'_>) {
        out.task(key.task).u32(key.number);
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<TaskLogKey, CodecError> {
        Ok(TaskLogKey { task: from.task()?, number: from.u32()? })
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(&self.text, self.created), out);
    }

    fn take_value(key: TaskLogKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (text, created) = codec::take_fields(bytes)?;
        Ok(Self { key, text, created })
    }
}
