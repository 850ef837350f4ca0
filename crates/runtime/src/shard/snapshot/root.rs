//! The head of a snapshot: what it stands for and which chunks it is made of.

use bytes::Bytes;
use fermata_decider::definition::DefinitionHash;
use fermata_decider::run::snapshot::VERSION;
use fermata_types::EventNumber;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Chunks that belong together, with numbers one after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunks {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl Chunks {
    /// Their numbers.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        self.first..self.first.saturating_add(self.count)
    }
}

/// A snapshot that is written or being written: chunk 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The last event it stands for; 0 before the first snapshot.
    pub last: EventNumber,
    /// Hash of the run's definition.
    pub definition: [u8; 32],
    /// All of the state but the tasks.
    pub head: Chunks,
    /// Pages of tasks, in order.
    pub pages: Vec<Chunks>,
    /// The number of the next chunk: those from here on are in no use, whatever they hold.
    pub next: u32,
}

impl Written {
    /// The hash of the run's definition.
    #[must_use]
    pub const fn definition(&self) -> DefinitionHash {
        DefinitionHash(self.definition)
    }
}

/// A version byte, then the fields.
pub(super) fn put<T: Serialize>(fields: &T) -> Vec<u8> {
    postcard::to_extend(fields, vec![VERSION])
        .expect("snapshots are plain data, which always encodes")
}

/// What [`put`] wrote, if it is of this version and nothing is left over.
pub(super) fn take<T: DeserializeOwned>(bytes: &Bytes) -> Option<T> {
    match bytes.split_first() {
        Some((&VERSION, fields)) => match postcard::take_from_bytes(fields) {
            Ok((found, [])) => Some(found),
            _ => None,
        },
        _ => None,
    }
}
