//! The families by number, and what each must be able to do.

use crate::codec::{CodecError, KeyReader, KeyWriter};

/// A row family. The number is the first byte of its keys and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Family {
    /// Events of runs.
    History = 1,
    /// One row a run.
    Run = 2,
    /// Payloads too large for their event.
    Payload = 3,
    /// Tasks ready to be taken.
    Queue = 4,
    /// The earliest deadline of each run.
    Deadline = 5,
    /// Commands on their way to another shard.
    Outbox = 6,
    /// Heads and cursors of message lanes.
    Lane = 7,
    /// Pending messages.
    Message = 8,
    /// Idempotency keys.
    Dedup = 9,
    /// Workflow and task definitions.
    Definition = 10,
    /// Resolved definitions by hash.
    Resolved = 11,
    /// Log lines of tasks.
    TaskLog = 12,
    /// Runs by name and by correlation.
    Lookup = 13,
    /// Shard epochs.
    Shard = 14,
    /// States of runs, written down.
    Snapshot = 15,
    /// How far each shard has taken in what each other one sends.
    Received = 16,
    /// Ended runs by the time they ended.
    Ended = 17,
    /// Tasks in workers' hands whose type has a limit.
    Lease = 18,
    /// When each run must be looked at, by time.
    DueDeadline = 19,
}

impl Family {
    /// All families in the order of their keys.
    pub const ALL: [Self; 19] = [
        Self::History,
        Self::Run,
        Self::Payload,
        Self::Queue,
        Self::Deadline,
        Self::Outbox,
        Self::Lane,
        Self::Message,
        Self::Dedup,
        Self::Definition,
        Self::Resolved,
        Self::TaskLog,
        Self::Lookup,
        Self::Shard,
        Self::Snapshot,
        Self::Received,
        Self::Ended,
        Self::Lease,
        Self::DueDeadline,
    ];

    /// The stable number.
    #[must_use]
    pub const fn ordinal(self) -> u8 {
        self as u8
    }

    /// The family with that number, if there is one.
    #[must_use]
    pub fn from_ordinal(ordinal: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.ordinal() == ordinal)
    }
}

/// The two codecs of a family: its key in order-preserving form, its other fields by version.
pub(crate) trait StoredRow: Sized {
    /// The key of the family.
    type Key;
    /// Which family it is.
    const FAMILY: Family;

    /// Appends the key without the family's byte.
    fn put_key(key: &Self::Key, out: &mut KeyWriter<'_>);
    /// Reads what [`StoredRow::put_key`] wrote.
    fn take_key(from: &mut KeyReader<'_>) -> Result<Self::Key, CodecError>;
    /// Appends a version byte and all fields but the key.
    fn put_value(&self, out: &mut Vec<u8>);
    /// Reads any version [`StoredRow::put_value`] has ever written.
    fn take_value(key: Self::Key, version: u8, bytes: &[u8]) -> Result<Self, CodecError>;
}
