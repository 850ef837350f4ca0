//! One shard: a mailbox with one writer. `machine` decides and stages without I/O or clock;
//! `driver` moves its inputs and outputs.

pub mod carrier;
pub mod deadlines;
pub mod driver;
pub mod entry;
pub mod fetched;
pub mod leases;
pub mod load;
pub mod machine;
pub mod map;
pub mod outbox;
pub mod overlay;
pub mod post;
pub mod relay;
pub mod release;
pub mod removable;
pub mod removal;
pub mod request;
pub mod snapshot;
pub mod staging;
pub mod start;
pub mod turn;
pub mod watch;
pub mod wheel;

pub use machine::{Machine, MachineConfig, Output, StagedBatch};
pub use request::{Answer, Idempotency, Request, Strategy, Token};
