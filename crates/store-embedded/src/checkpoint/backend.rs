//! The checkpoint store's file, over the file layer that crash tests break.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::is_full;
use super::gather::Gather;
use crate::file::FileHandle;

/// What went wrong in a file, once; and what was written.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// No space was found. A failed sync is something else, whatever it says.
    is_full: AtomicBool,
    has_failed: AtomicBool,
    written: AtomicU64,
}

impl Health {
    /// Whether there was no space, and nothing worse.
    pub(super) fn is_only_full(&self) -> bool {
        self.is_full.load(Ordering::SeqCst) && !self.has_failed.load(Ordering::SeqCst)
    }

    /// Whether nothing went wrong so far.
    pub(super) fn is_unharmed(&self) -> bool {
        !self.is_full.load(Ordering::SeqCst) && !self.has_failed()
    }

    /// Whether something other than a lack of space went wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::SeqCst)
    }

    /// Bytes written since the file was opened.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    fn note(&self, error: &io::Error, is_sync: bool) {
        let place = if is_full(error) && !is_sync { &self.is_full } else { &self.has_failed };
        place.store(true, Ordering::SeqCst);
    }
}

/// One file of the layer as redb wants it.
///
/// Whenever the gathered writes are many, they are written and synced although nobody asked, so
/// that the syncs which a commit does ask for have little left to write: a long one holds up the
/// log's on the same disk.
pub(super) struct Backend {
    pages: Gather,
    health: Arc<Health>,
    /// Held from the start of a sync until its outcome is known.
    syncing: Mutex<()>,
}

impl Backend {
    /// `sync_bytes`: how many are gathered.
    pub(super) fn new(file: Box<dyn FileHandle>, health: Arc<Health>, sync_bytes: usize) -> Self {
        Self { pages: Gather::new(file, sync_bytes), health, syncing: Mutex::default() }
    }

    /// After anything went wrong, nothing more is written: redb writes from readers' threads too,
    /// to keep its cache small, and forgets what comes of that.
    fn check(&self) -> io::Result<()> {
        if self.health.is_unharmed() { Ok(()) } else { Err(io::Error::other("failed before")) }
    }

    fn sync(&self) -> io::Result<()> {
        self.note(self.pages.flush())?;
        // Who syncs after a failed sync must know of it: the second one may say that all is well.
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        self.pages.file().sync_data().map(|_| ()).inspect_err(|error| self.health.note(error, true))
    }

    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.inspect_err(|error| self.health.note(error, false))
    }
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend").field("health", &self.health).finish_non_exhaustive()
    }
}

impl redb::StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.note(self.pages.file().length())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.note(self.pages.read(offset, out))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check()?;
        self.note(self.pages.flush())?;
        self.note(self.pages.file().set_length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        let are_many = self.note(self.pages.write(offset, data))?;
        self.health.written.fetch_add(data.len() as u64, Ordering::Relaxed);
        if are_many { self.sync() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use redb::StorageBackend;

    use super::*;
    use crate::file::{FileLayer, SimFiles};

    #[test]
    fn nothing_is_written_after_a_failure() {
        let files = SimFiles::new(1);
        let file = files.create(Path::new("/a/file")).expect("created");
        let health = Arc::new(Health::default());
        let backend = Backend::new(file, health.clone(), 1 << 20);
        backend.write(0, &[1; 8192]).expect("noted");
        files.limit_space(Some(4096));
        backend.sync_data().expect_err("there is no space");
        assert!(health.is_only_full());
        files.limit_space(None);
        // Whoever asked first may have said nothing to anyone.
        backend.write(0, &[2; 4096]).expect_err("failed before");
        backend.set_len(16384).expect_err("failed before");
        backend.sync_data().expect_err("failed before");
        assert!(health.is_only_full(), "a refusal is no failure");
        let mut bytes = vec![0; 8192];
        backend.read(0, &mut bytes).expect("what waits can be read");
        assert_eq!(bytes, vec![1; 8192]);
    }
}
