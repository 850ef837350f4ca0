//! The port behind which uploaded payloads are kept.

use bytes::Bytes;
use fermata_types::Timestamp;

use super::PayloadId;

/// Why an uploaded payload cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no room for it now: older ones go when they reach their age.
    #[error("no room for more uploaded payloads")]
    Full,
    /// Its id was given out too long ago, or never.
    #[error("the location is not valid any more")]
    Expired,
    /// It cannot be written or read.
    #[error("an uploaded payload cannot be written or read")]
    Io(#[from] std::io::Error),
}

/// Keeps uploaded payloads until they are old. What a run needs of one it copies when the path
/// arrives; so losing a file never harms a run. Calls block.
pub trait PayloadFiles: std::fmt::Debug + Send + Sync {
    /// Keeps a payload under an id, in place of any former one. It is durable when this returns;
    /// a crash before leaves the former one or none.
    ///
    /// # Errors
    /// See [`FileError`].
    fn put(&self, id: &PayloadId, bytes: &[u8], now: Timestamp) -> Result<(), FileError>;

    /// The payload under an id, if it is still there; at most that many bytes are read, a longer
    /// one is an error.
    ///
    /// # Errors
    /// See [`FileError`].
    fn get(&self, id: &PayloadId, at_most: usize) -> Result<Option<Bytes>, FileError>;
}
