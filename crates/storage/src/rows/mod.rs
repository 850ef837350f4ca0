//! Row families: one file each, with the row, its key and its lifetime.
//!
//! | Family | Key | Lifetime |
//! |---|---|---|
//! | history | run, first event | immutable, deleted with the run |
//! | run | run | updatable, deletable |
//! | payload | run, event, part | immutable, deleted with the run |
//! | queue | shard, queue, ready order | deletable |
//! | deadline | shard, run | of version 1 only: rewritten as due deadlines |
//! | outbox | source, target, number | immutable, deleted when delivered |
//! | lane | run, lane | updatable, deleted with the run |
//! | message | run, lane, offset | immutable, deletable |
//! | dedup | shard, name, key | deletable |
//! | definition | kind, name, version | updatable, deletable |
//! | resolved | shard, hash | immutable, deletable |
//! | task log | task, number | immutable, deleted with the run |
//! | lookup | running or correlated | updatable, deletable |
//! | shard | shard | updatable |
//! | snapshot | run, chunk | updatable, deletable |
//! | received | target, source | updatable |
//! | ended | shard, time, run | deleted with the run |
//! | lease | shard, task | deletable |
//! | due deadline | shard, due, run | deletable |
//!
//! A family's ordinal and its place in [`RowKey`] never change: they are the order of all keys.

mod deadline;
mod dedup;
mod definition;
mod due_deadline;
mod ended;
mod family;
mod history;
mod key;
mod lane;
mod lease;
mod lookup;
mod message;
mod outbox;
mod payload;
mod queue;
mod range;
mod received;
mod resolved;
mod row;
mod run;
mod shard;
mod snapshot;
mod task_log;

pub use deadline::{DeadlineKey, DeadlineRow};
pub use dedup::{DedupKey, DedupRow};
pub use definition::{DefinitionKey, DefinitionRow};
pub use due_deadline::{DueDeadlineKey, DueDeadlineRow};
pub use ended::{EndedKey, EndedKind, EndedRow};
pub use family::Family;
pub(crate) use family::StoredRow;
pub use history::{HistoryKey, HistoryRow};
pub use key::{Home, RowKey};
pub use lane::{LaneKey, LaneRow};
pub use lease::{LeaseKey, LeaseRow};
pub use lookup::{LookupKey, LookupRow};
pub use message::{MessageKey, MessageRow};
pub use outbox::{OutboxKey, OutboxRow};
pub use payload::{PayloadKey, PayloadRow};
pub use queue::{QueueKey, QueueRow, Ready};
pub use range::ScanRange;
pub use received::{ReceivedKey, ReceivedRow};
pub use resolved::{DefinitionHash, ResolvedKey, ResolvedRow};
pub use row::Row;
pub use run::{RunKey, RunRow};
pub use shard::{ShardRow, ShardRowKey};
pub use snapshot::{SnapshotKey, SnapshotRow};
pub use task_log::{TaskLogKey, TaskLogRow};
