//! Payloads outside of requests and answers (`conductor-rest` 7.3): a client puts a large one
//! here and names its path, and an answer names the path of a payload it leaves out.

mod disk;
mod files;
mod id;
mod path;
mod resolve;

pub use disk::{DiskFiles, DiskLimits};
pub use files::{FileError, PayloadFiles};
pub use id::PayloadId;
pub(crate) use path::{Part, PayloadPath};
pub(crate) use resolve::{blocking, find, resolve};
