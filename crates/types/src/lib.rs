//! Ids, names, times, sizes, payloads and statuses that every part of Fermata shares.
//!
//! Pure: no clock, no I/O, no runtime. Read [`id`] first: a task id alone names its shard and run.

pub mod id;
pub mod limits;
pub mod payload;
pub mod payload_limits;
pub mod sequence;
pub mod status;
pub mod time;

pub use id::{IdError, RunId, ShardId, ShardKey, TaskId, TaskNumber};
pub use payload::{Payload, PayloadError};
pub use payload_limits::{PayloadLimits, Threshold};
pub use sequence::{BatchNumber, EventNumber, MessageOffset, Position, RunEpoch, ShardEpoch};
pub use status::{RunStatus, TaskStatus};
pub use time::{Span, Timestamp};
