//! The storage seam: row families, batches, codecs, the model store, conformance and faults.
//!
//! Read [`store`] first (what a store promises), then [`batch`] (what is written at once) and
//! [`rows`] (what can be written). [`codec`] gives the bytes that the embedded store keeps;
//! [`model`] is the store that is obviously right; [`conformance`] is the suite every store
//! passes; [`faults`] wraps a store that fails on demand.

pub mod backup;
pub mod batch;
pub mod codec;
pub mod conformance;
pub mod faults;
pub mod model;
pub mod rows;
pub mod store;
pub mod view;

pub use batch::{Batch, Write};
pub use codec::CodecError;
pub use faults::{Fault, FaultyStore};
pub use model::ModelStore;
pub use rows::{
    DeadlineKey, DeadlineRow, DedupKey, DedupRow, DefinitionHash, DefinitionKey, DefinitionRow,
    DueDeadlineKey, DueDeadlineRow, EndedKey, EndedKind, EndedRow, Family, HistoryKey, HistoryRow,
    Home, LaneKey, LaneRow, LeaseKey, LeaseRow, LookupKey, LookupRow, MessageKey, MessageRow,
    OutboxKey, OutboxRow, PayloadKey, PayloadRow, QueueKey, QueueRow, Ready, ReceivedKey,
    ReceivedRow, ResolvedKey, ResolvedRow, Row, RowKey, RunKey, RunRow, ScanRange, ShardRow,
    ShardRowKey, SnapshotKey, SnapshotRow, TaskLogKey, TaskLogRow,
};
pub use store::{CommitError, Page, ReadError, Store, SyncStats};
pub use view::View;
