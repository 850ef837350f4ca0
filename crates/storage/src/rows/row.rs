//! A row of any family.

use serde::{Deserialize, Serialize};

use crate::rows::{
    DeadlineRow, DedupRow, DefinitionRow, DueDeadlineRow, EndedRow, Family, HistoryRow, LaneRow,
    LeaseRow, LookupRow, MessageRow, OutboxRow, PayloadRow, QueueRow, ReceivedRow, ResolvedRow,
    RowKey, RunRow, ShardRow, SnapshotRow, TaskLogRow,
};

/// A row of any family, key and all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    /// Events of one transition.
    History(HistoryRow),
    /// A run.
    Run(RunRow),
    /// A large payload.
    Payload(PayloadRow),
    /// A task that may be taken.
    Queue(QueueRow),
    /// A run's earliest deadline.
    Deadline(DeadlineRow),
    /// A command to another shard.
    Outbox(OutboxRow),
    /// A message lane.
    Lane(LaneRow),
    /// A pending message.
    Message(MessageRow),
    /// An idempotency key.
    Dedup(DedupRow),
    /// A definition.
    Definition(DefinitionRow),
    /// A resolved definition.
    Resolved(ResolvedRow),
    /// A log line.
    TaskLog(TaskLogRow),
    /// A run by name or correlation.
    Lookup(LookupRow),
    /// A shard's epoch.
    Shard(ShardRow),
    /// A chunk of a run's state.
    Snapshot(SnapshotRow),
    /// How far a shard has taken in what another sends.
    Received(ReceivedRow),
    /// An ended run.
    Ended(EndedRow),
    /// A task in a worker's hands whose type has a limit.
    Lease(LeaseRow),
    /// When a run must be looked at.
    DueDeadline(DueDeadlineRow),
}

impl Row {
    /// The family of the row.
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

    /// The key the row is stored under.
    #[must_use]
    pub fn key(&self) -> RowKey {
        match self {
            Self::History(row) => RowKey::History(row.key),
            Self::Run(row) => RowKey::Run(row.key),
            Self::Payload(row) => RowKey::Payload(row.key),
            Self::Queue(row) => RowKey::Queue(row.key.clone()),
            Self::Deadline(row) => RowKey::Deadline(row.key),
            Self::Outbox(row) => RowKey::Outbox(row.key),
            Self::Lane(row) => RowKey::Lane(row.key.clone()),
            Self::Message(row) => RowKey::Message(row.key.clone()),
            Self::Dedup(row) => RowKey::Dedup(row.key.clone()),
            Self::Definition(row) => RowKey::Definition(row.key.clone()),
            Self::Resolved(row) => RowKey::Resolved(row.key),
            Self::TaskLog(row) => RowKey::TaskLog(row.key),
            Self::Lookup(row) => RowKey::Lookup(row.key.clone()),
            Self::Shard(row) => RowKey::Shard(row.key),
            Self::Snapshot(row) => RowKey::Snapshot(row.key),
            Self::Received(row) => RowKey::Received(row.key),
            Self::Ended(row) => RowKey::Ended(row.key),
            Self::Lease(row) => RowKey::Lease(row.key),
            Self::DueDeadline(row) => RowKey::DueDeadline(row.key),
        }
    }
}

impl From<HistoryRow> for Row {
    fn from(row: HistoryRow) -> Self {
        Self::History(row)
    }
}

impl From<RunRow> for Row {
    fn from(row: RunRow) -> Self {
        Self::Run(row)
    }
}

impl From<PayloadRow> for Row {
    fn from(row: PayloadRow) -> Self {
        Self::Payload(row)
    }
}

impl From<QueueRow> for Row {
    fn from(row: QueueRow) -> Self {
        Self::Queue(row)
    }
}

impl From<DeadlineRow> for Row {
    fn from(row: DeadlineRow) -> Self {
        Self::Deadline(row)
    }
}

impl From<OutboxRow> for Row {
    fn from(row: OutboxRow) -> Self {
        Self::Outbox(row)
    }
}

impl From<LaneRow> for Row {
    fn from(row: LaneRow) -> Self {
        Self::Lane(row)
    }
}

impl From<MessageRow> for Row {
    fn from(row: MessageRow) -> Self {
        Self::Message(row)
    }
}

impl From<DedupRow> for Row {
    fn from(row: DedupRow) -> Self {
        Self::Dedup(row)
    }
}

impl From<DefinitionRow> for Row {
    fn from(row: DefinitionRow) -> Self {
        Self::Definition(row)
    }
}

impl From<ResolvedRow> for Row {
    fn from(row: ResolvedRow) -> Self {
        Self::Resolved(row)
    }
}

impl From<TaskLogRow> for Row {
    fn from(row: TaskLogRow) -> Self {
        Self::TaskLog(row)
    }
}

impl From<LookupRow> for Row {
    fn from(row: LookupRow) -> Self {
        Self::Lookup(row)
    }
}

impl From<SnapshotRow> for Row {
    fn from(row: SnapshotRow) -> Self {
        Self::Snapshot(row)
    }
}

impl From<ShardRow> for Row {
    fn from(row: ShardRow) -> Self {
        Self::Shard(row)
    }
}

impl From<EndedRow> for Row {
    fn from(row: EndedRow) -> Self {
        Self::Ended(row)
    }
}

impl From<ReceivedRow> for Row {
    fn from(row: ReceivedRow) -> Self {
        Self::Received(row)
    }
}

impl From<LeaseRow> for Row {
    fn from(row: LeaseRow) -> Self {
        Self::Lease(row)
    }
}

impl From<DueDeadlineRow> for Row {
    fn from(row: DueDeadlineRow) -> Self {
        Self::DueDeadline(row)
    }
}
