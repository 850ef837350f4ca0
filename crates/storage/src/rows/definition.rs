//! Definitions of workflows and tasks, and event handlers: metadata, written by shard 0 only.
//! Updatable, deletable.

use bytes::Bytes;
use fermata_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, KeyReader, KeyWriter};
use crate::rows::{Family, StoredRow};

/// Key: a version of a workflow's definition, a task's definition, or an event handler.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DefinitionKey {
    /// A workflow definition.
    Workflow {
        /// Its name.
        name: String,
        /// Its version.
        version: i32,
    },
    /// A task definition.
    Task {
        /// Its name.
        name: String,
    },
    /// An event handler.
    Handler {
        /// Its name.
        name: String,
    },
}

/// First byte of a workflow definition's key after the family.
pub(crate) const WORKFLOW: u8 = 1;
/// First byte of a task definition's key after the family.
pub(crate) const TASK: u8 = 2;

/// First byte of an event handler's key after the family.
pub(crate) const HANDLER: u8 = 3;

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionRow {
    /// Where it is stored.
    pub key: DefinitionKey,
    /// The definition as JSON.
    pub json: Bytes,
    /// When it was last written.
    pub changed: Timestamp,
}

/// Fields in the order they are declared.
const VERSION: u8 = 1;

impl StoredRow for DefinitionRow {
    type Key = DefinitionKey;
    const FAMILY: Family = Family::Definition;

    fn put_key(key: &DefinitionKey, out: &mut KeyWriter<'_>) {
        match key {
            DefinitionKey::Workflow { name, version } => out.u8(WORKFLOW).text(name).i32(*version),
            DefinitionKey::Task { name } => out.u8(TASK).text(name),
            DefinitionKey::Handler { name } => out.u8(HANDLER).text(name),
        };
    }

    fn take_key(from: &mut KeyReader<'_>) -> Result<DefinitionKey, CodecError> {
        match from.u8()? {
            WORKFLOW => Ok(DefinitionKey::Workflow { name: from.text()?, version: from.i32()? }),
            TASK => Ok(DefinitionKey::Task { name: from.text()? }),
            HANDLER => Ok(DefinitionKey::Handler { name: from.text()? }),
            _ => Err(CodecError::Malformed("unknown kind of definition")),
        }
    }

    fn put_value(&self, out: &mut Vec<u8>) {
        codec::put_fields(VERSION, &(&self.json, self.changed), out);
    }

    fn take_value(key: DefinitionKey, version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        codec::expect_version(Self::FAMILY, version, VERSION)?;
        let (json, changed) = codec::take_fields(bytes)?;
        Ok(Self { key, json, changed })
    }
}
