//! The embedded store: a group-commit log of row frames, and the rows in memory.
//!
//! ```text
//! commit ─► admit (fences, assertions) ─► encode one frame ─► one write, one sync ─► memory
//! open   ─► lock ─► identity ─► segments in order, frame by frame ─► memory
//! get, scan ─► memory
//! ```
//!
//! This is the first half of design 4: there is no checkpoint yet, so **all rows live in memory**
//! (`memory.rs`) and no log segment is ever let go; recovery replays from
//! position 0. The second half puts a checkpoint store under the memory: its position then takes
//! the place of 0 in `log/recover.rs`, and segments below it are removed.
//!
//! # Reading order
//! `store.rs` (the seam), `log/frame.rs` and `log/segment.rs` (the bytes; `docs/formats/log.md`),
//! `log/writer.rs` (append and rotation), `log/recover.rs`, `memory.rs`, and `file/` (the layer
//! that crash tests break).

mod file;
mod log;
mod memory;
mod options;
mod poison;
mod store;

pub use file::{FileHandle, FileLayer, FileLock, Keep, Lie, RealFiles, SimFiles};
pub use log::{OpenError, ROTATION_STEPS, StoreId};
pub use options::Options;
pub use store::{EmbeddedStore, GROUP_BYTES_MAX};
