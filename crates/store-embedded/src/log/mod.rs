//! The log: segments of frames, one frame a group commit (`docs/formats/log.md`).

mod error;
mod frame;
mod identity;
mod live;
mod reader;
mod recover;
mod segment;
mod shelf;
mod steps;
mod writer;

pub use error::OpenError;
pub(crate) use frame::{Frame, FrameBuffer, WriteRef};
pub use identity::StoreId;
pub(crate) use identity::read as identify;
pub(crate) use live::LiveSegments;
pub(crate) use recover::{Replay, create_after, recover};
pub(crate) use segment::SECTOR;
pub(crate) use shelf::Shelf;
pub use steps::ROTATION_STEPS;
pub(crate) use steps::Step;
pub(crate) use writer::{AppendError, LogWriter};
