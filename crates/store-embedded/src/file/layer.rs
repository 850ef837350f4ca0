//! What the log asks of a file system, and nothing more.

use std::io;
use std::path::Path;
use std::time::Duration;

/// Directories, names and locks.
///
/// A name is durable only after [`FileLayer::sync_dir`] of its directory, bytes only after a sync
/// of their file.
pub trait FileLayer: Send + Sync {
    /// Makes a directory durable, with its parents, unless it is there.
    ///
    /// # Errors
    /// The operating system's.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// The names of a directory's files in order.
    ///
    /// # Errors
    /// The operating system's.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Takes an exclusive lock, held until the answer is dropped or the process ends; `None` if
    /// someone else holds it.
    ///
    /// # Errors
    /// The operating system's.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>>;

    /// Makes a new, empty file.
    ///
    /// # Errors
    /// `AlreadyExists`, or another of the operating system.
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileHandle>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// `NotFound`, or another of the operating system.
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileHandle>>;

    /// Gives a file another name in the same directory, replacing what had it.
    ///
    /// # Errors
    /// The operating system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// The operating system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names of a directory durable.
    ///
    /// # Errors
    /// The operating system's.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file.
pub trait FileHandle: Send + Sync {
    /// Length in bytes.
    ///
    /// # Errors
    /// The operating system's.
    fn length(&self) -> io::Result<u64>;

    /// Fills the buffer from an offset.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before, or another of the operating system.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// The operating system's; part of the bytes may be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file at least this long, with zeros, and reserves the space.
    ///
    /// # Errors
    /// `StorageFull`, or another of the operating system.
    fn allocate(&self, length: u64) -> io::Result<()>;

    /// Makes the file exactly this long; what is added is zeros, for which no space is reserved.
    ///
    /// # Errors
    /// `StorageFull`, or another of the operating system.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Cuts the file to this length.
    ///
    /// # Errors
    /// The operating system's.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes bytes and length durable, and says how long that took.
    ///
    /// # Errors
    /// The operating system's; what was written since the last sync may then be lost even if a
    /// later sync succeeds.
    fn sync_data(&self) -> io::Result<Duration>;

    /// As [`FileHandle::sync_data`], with all other metadata: for new files.
    ///
    /// # Errors
    /// As for [`FileHandle::sync_data`].
    fn sync_all(&self) -> io::Result<Duration>;
}

/// A held lock; dropping it lets go.
pub trait FileLock: Send + Sync {}
