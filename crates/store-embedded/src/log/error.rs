//! Why a store cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

/// Why a store cannot be opened. Nothing is repaired that cannot be explained by a crash.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another store of this one, has the directory open.
    #[error("{} is in use by another store", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The files are damaged in a way that no crash explains; acknowledged commits may be lost.
    #[error("{} is corrupt at byte {offset}: {what}", file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
        /// What was expected there.
        what: String,
    },
    /// The files were written by a newer program.
    #[error("{} has format version {version}, unknown to this program", file.display())]
    UnknownVersion {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u32,
    },
    /// There is no space for a segment the store needs to go on.
    #[error("no space for the log in {}", dir.display())]
    StorageFull {
        /// The directory.
        dir: PathBuf,
    },
    /// A store is to be restored where there is one.
    #[error("{} has a store already", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The rows of a backup could not be had.
    #[error("cannot read the rows to restore")]
    Restore {
        /// What failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// While a long log was read, its rows could not be moved to the checkpoint.
    #[error("cannot write a checkpoint")]
    Checkpoint {
        /// What failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file system failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn corrupt(file: &Path, offset: usize, what: impl Into<String>) -> Self {
        Self::Corrupt { file: file.to_owned(), offset: offset as u64, what: what.into() }
    }

    /// Wraps an error of the file layer, for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
