//! The key of any row, and where it lives.

use fermata_types::{ShardId, ShardKey};
use serde::{Deserialize, Serialize};

use crate::rows::{
    DeadlineKey, DedupKey, DefinitionKey, DueDeadlineKey, EndedKey, Family, HistoryKey, LaneKey,
    LeaseKey, LookupKey, MessageKey, OutboxKey, PayloadKey, QueueKey, ReceivedKey, ResolvedKey,
    RunKey, ShardRowKey, SnapshotKey, TaskLogKey,
};

/// The key of a row of any family. The order of keys is the order of families, then that of the
/// family's key; it equals the order of the encoded bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RowKey {
    /// Events of one transition.
    History(HistoryKey),
    /// A run.
    Run(RunKey),
    /// A large payload.
    Payload(PayloadKey),
    /// A task that may be taken.
    Queue(QueueKey),
    /// A run's earliest deadline.
    Deadline(DeadlineKey),
    /// A command to another shard.
    Outbox(OutboxKey),
    /// A message lane.
    Lane(LaneKey),
    /// A pending message.
    Message(MessageKey),
    /// An idempotency key.
    Dedup(DedupKey),
    /// A definition.
    Definition(DefinitionKey),
    /// A resolved definition.
    Resolved(ResolvedKey),
    /// A log line.
    TaskLog(TaskLogKey),
    /// A run by name or correlation.
    Lookup(LookupKey),
    /// A shard's epoch.
    Shard(ShardRowKey),
    /// A chunk of a run's state.
    Snapshot(SnapshotKey),
    /// How far a shard has taken in what another sends.
    Received(ReceivedKey),
    /// An ended run.
    Ended(EndedKey),
    /// A task in a worker's hands whose type has a limit.
    Lease(LeaseKey),
    /// When a run must be looked at.
    DueDeadline(DueDeadlineKey),
}

/// Where a row lives: some keys name their shard, others a run, whose id carries the shard key
/// that the table of shards resolves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// This shard.
    Shard(ShardId),
    /// The shard that serves this key.
    Key(ShardKey),
}

impl RowKey {
    /// The family of the key.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::History(_) => Family::History,
            Self::Run(_) => Family::Run,
            Self::Payload(_) => Family::Payload,
            Self::Queue(_) => Family::Queue,
            Self::Deadline(_) => Family::Deadline,
            Self::Outbox(_) => Family::Outbox,
            Self::Lane(_) => Family::Lane,
            Self::Message(_) => Family::Message,
            Self::Dedup(_) => Family::Dedup,
            Self::Definition(_) => Family::Definition,
            Self::Resolved(_) => Family::Resolved,
            Self::TaskLog(_) => Family::TaskLog,
            Self::Lookup(_) => Family::Lookup,
            Self::Shard(_) => Family::Shard,
            Self::Snapshot(_) => Family::Snapshot,
            Self::Received(_) => Family::Received,
            Self::Ended(_) => Family::Ended,
            Self::Lease(_) => Family::Lease,
            Self::DueDeadline(_) => Family::DueDeadline,
        }
    }

    /// Where the row lives. Definitions live in shard 0.
    #[must_use]
    pub const fn home(&self) -> Home {
        match self {
            Self::History(key) => Home::Key(key.run.key()),
            Self::Run(key) => Home::Key(key.run.key()),
            Self::Payload(key) => Home::Key(key.run.key()),
            Self::Queue(key) => Home::Shard(key.shard),
            Self::Deadline(key) => Home::Shard(key.shard),
            Self::Outbox(key) => Home::Shard(key.source),
            Self::Lane(key) => Home::Key(key.run.key()),
            Self::Message(key) => Home::Key(key.run.key()),
            Self::Dedup(key) => Home::Shard(key.shard),
            Self::Definition(_) => Home::Shard(ShardId(0)),
            Self::Resolved(key) => Home::Shard(key.shard),
            Self::TaskLog(key) => Home::Key(key.task.run().key()),
            Self::Lookup(
                LookupKey::Running { shard, .. } | LookupKey::Correlated { shard, .. },
            ) => Home::Shard(*shard),
            Self::Shard(key) => Home::Shard(key.shard),
            Self::Snapshot(key) => Home::Key(key.run.key()),
            Self::Received(key) => Home::Shard(key.target),
            Self::Ended(key) => Home::Shard(key.shard),
            Self::Lease(key) => Home::Shard(key.shard),
            Self::DueDeadline(key) => Home::Shard(key.shard),
        }
    }
}

impl From<HistoryKey> for RowKey {
    fn from(key: HistoryKey) -> Self {
        Self::History(key)
    }
}

impl From<RunKey> for RowKey {
    fn from(key: RunKey) -> Self {
        Self::Run(key)
    }
}

impl From<PayloadKey> for RowKey {
    fn from(key: PayloadKey) -> Self {
        Self::Payload(key)
    }
}

impl From<QueueKey> for RowKey {
    fn from(key: QueueKey) -> Self {
        Self::Queue(key)
    }
}

impl From<DeadlineKey> for RowKey {
    fn from(key: DeadlineKey) -> Self {
        Self::Deadline(key)
    }
}

impl From<OutboxKey> for RowKey {
    fn from(key: OutboxKey) -> Self {
        Self::Outbox(key)
    }
}

impl From<LaneKey> for RowKey {
    fn from(key: LaneKey) -> Self {
        Self::Lane(key)
    }
}

impl From<MessageKey> for RowKey {
    fn from(key: MessageKey) -> Self {
        Self::Message(key)
    }
}

impl From<DedupKey> for RowKey {
    fn from(key: DedupKey) -> Self {
        Self::Dedup(key)
    }
}

impl From<DefinitionKey> for RowKey {
    fn from(key: DefinitionKey) -> Self {
        Self::Definition(key)
    }
}

impl From<ResolvedKey> for RowKey {
    fn from(key: ResolvedKey) -> Self {
        Self::Resolved(key)
    }
}

impl From<TaskLogKey> for RowKey {
    fn from(key: TaskLogKey) -> Self {
        Self::TaskLog(key)
    }
}

impl From<LookupKey> for RowKey {
    fn from(key: LookupKey) -> Self {
        Self::Lookup(key)
    }
}

impl From<SnapshotKey> for RowKey {
    fn from(key: SnapshotKey) -> Self {
        Self::Snapshot(key)
    }
}

impl From<ShardRowKey> for RowKey {
    fn from(key: ShardRowKey) -> Self {
        Self::Shard(key)
    }
}

impl From<EndedKey> for RowKey {
    fn from(key: EndedKey) -> Self {
        Self::Ended(key)
    }
}

impl From<ReceivedKey> for RowKey {
    fn from(key: ReceivedKey) -> Self {
        Self::Received(key)
    }
}

impl From<LeaseKey> for RowKey {
    fn from(key: LeaseKey) -> Self {
        Self::Lease(key)
    }
}

impl From<DueDeadlineKey> for RowKey {
    fn from(key: DueDeadlineKey) -> Self {
        Self::DueDeadline(key)
    }
}
