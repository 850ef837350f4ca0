//! The embedded store: a group-commit log of row frames, deltas in memory, checkpoints below.
//!
//! ```text
//! commit ─► admit (fences, assertions) ─► encode one frame ─► one write, one sync ─► delta
//! delta full ─► frozen ─► checkpoint (one redb commit) ─► delta and log segments let go
//! open   ─► lock ─► identity ─► checkpoint ─► segments after it, frame by frame ─► deltas
//! get, scan ─► active delta ─► frozen deltas ─► checkpoint
//! ```
//!
//! The log is the only sync on the commit path; checkpoints and the making of segments belong to
//! a thread of the store, or, in simulations, to whoever calls `checkpoint_step`.
//!
//! # Reading order
//! `store.rs` (the seam), `log/frame.rs` and `log/segment.rs` (the bytes; `docs/formats/log.md`),
//! `log/writer.rs` (append and rotation), `layers/` (the rows), `checkpoint/`
//! (`docs/formats/checkpoint.md`), `log/recover.rs`, `background/` (pace and release), and `file/`
//! (the layer that crash tests break).

mod background;
mod checkpoint;
mod file;
mod layers;
mod log;
mod options;
mod poison;
mod recovery;
mod restore;
mod store;
mod view;

pub use file::{FileHandle, FileLayer, FileLock, Keep, Lie, RealFiles, SimFiles};
pub use log::{OpenError, ROTATION_STEPS, StoreId};
pub use options::{Checkpoints, Options};
pub use store::{EmbeddedStore, GROUP_BYTES_MAX};
