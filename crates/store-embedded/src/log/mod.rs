//! The log: segments of frames, one frame a group commit (`docs/formats/log.md`).

mod error;
mod frame;
mod identity;
mod reader;
mod recover;
mod segment;
mod steps;
mod writer;

pub use error::OpenError;
pub(crate) use frame::{Frame, FrameBuffer, WriteRef};
pub use identity::StoreId;
pub(crate) use recover::recover;
pub(crate) use segment::SECTOR;
pub use steps::ROTATION_STEPS;
pub(crate) use writer::{AppendError, LogWriter};
