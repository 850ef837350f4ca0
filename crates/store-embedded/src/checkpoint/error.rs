//! Why a checkpoint cannot be written or read.

use std::error::Error;
use std::io;

use fermata_storage::ReadError;

/// Why a checkpoint cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    /// No space. The checkpoint is what it was, but must be opened anew.
    #[error("no space for the checkpoint")]
    Full,
    /// The store is being closed.
    #[error("the checkpoint was given up because the store is being closed")]
    Stopped,
    /// A row whose checksum is wrong.
    #[error("a damaged row in the checkpoint")]
    Damaged,
    /// The checkpoint store or a file operation failed.
    #[error("the checkpoint failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl CheckpointError {
    /// Wraps an error of the checkpoint store.
    pub(super) fn of(error: impl Into<redb::Error>) -> Self {
        let error = error.into();
        match &error {
            redb::Error::Io(cause) if is_full(cause) => Self::Full,
            _ => Self::Failed(Box::new(error)),
        }
    }

    /// Wraps an error of the file layer.
    pub(super) fn io(error: io::Error) -> Self {
        if is_full(&error) { Self::Full } else { Self::Failed(Box::new(error)) }
    }

    /// As a reader hears of it.
    pub(crate) fn reading(self) -> ReadError {
        ReadError::Failed { source: Box::new(self) }
    }
}

/// Whether there is no space, or none that this user may have.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
