//! The store: fences and assertions, then the log, then the memory.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use fermata_storage::{
    Batch, CommitError, Page, ReadError, Row, RowKey, ScanRange, Store, SyncStats, Write,
};
use fermata_types::Position;

use crate::file::FileLock;
use crate::log::{AppendError, FrameBuffer, LogWriter, OpenError, recover};
use crate::memory::Memory;
use crate::options::Options;
use crate::poison::Poison;

/// Encoded bytes a group may have. A larger one is refused before anything is written; callers
/// close groups at about 1 MiB, and a single batch cannot be this large.
pub const GROUP_BYTES_MAX: usize = 256 << 20;

/// Name of the file whose lock says that the directory is in use.
const LOCK_NAME: &str = "store.lock";

/// A store in one directory of one machine.
///
/// Every commit is one write and one sync of the log. All rows are in memory. Any failed write
/// or sync poisons the store: it has to be dropped and opened anew.
pub struct EmbeddedStore {
    writer: Mutex<Writer>,
    rows: RwLock<Committed>,
    stats: Mutex<SyncStats>,
    poison: Poison,
    _lock: Box<dyn FileLock>,
}

struct Writer {
    log: LogWriter,
    frame: FrameBuffer,
}

/// The rows as of a position; they change together.
struct Committed {
    memory: Memory,
    position: Position,
}

impl EmbeddedStore {
    /// Opens the store of a directory, or creates it, and reads its whole log.
    ///
    /// Every group whose commit returned `Ok` is there, whatever crashed meanwhile; a group whose
    /// commit had not returned may be there, whole. What is there when this returns is durable.
    ///
    /// # Errors
    /// The directory is in use, damaged, of a newer format, or cannot be read or written.
    pub fn open(dir: impl Into<PathBuf>, options: Options) -> Result<Self, OpenError> {
        let dir = dir.into();
        let files = options.files.clone();
        files.create_dir(&dir).map_err(OpenError::io("create", &dir))?;
        let lock_path = dir.join(LOCK_NAME);
        let lock = files.lock(&lock_path).map_err(OpenError::io("lock", &lock_path))?;
        let lock = lock.ok_or_else(|| OpenError::Locked { dir: dir.clone() })?;
        let mut memory = Memory::default();
        let log = recover(dir, options, &mut |frame| {
            frame.writes().try_for_each(|write| memory.apply(write?))
        })?;
        let position = log.position();
        Ok(Self {
            writer: Mutex::new(Writer { log, frame: FrameBuffer::default() }),
            rows: RwLock::new(Committed { memory, position }),
            stats: Mutex::default(),
            poison: Poison::default(),
            _lock: lock,
        })
    }

    fn fail(&self, error: AppendError) -> CommitError {
        match error {
            AppendError::Full => CommitError::StorageFull,
            failed @ AppendError::Failed { .. } => {
                self.poison.set(&failed);
                CommitError::OutcomeUnknown { source: Box::new(failed) }
            }
        }
    }

    fn count(&self, bytes: usize, took: std::time::Duration) {
        let mut stats = self.stats();
        stats.syncs += 1;
        stats.bytes += bytes as u64;
        stats.time += took;
        stats.longest = stats.longest.max(took);
    }

    fn stats(&self) -> MutexGuard<'_, SyncStats> {
        // Counters are whole after any single assignment.
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for EmbeddedStore {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.poison.check_commit()?;
        let mut writer = self.writer.lock().map_err(|_| CommitError::Poisoned)?;
        // The one who had the lock before may have failed.
        self.poison.check_commit()?;
        let Writer { log, frame } = &mut *writer;
        self.rows.read().map_err(|_| CommitError::Poisoned)?.memory.admit(group)?;
        encode(group, frame)?;
        if frame.is_empty() {
            return Ok(log.position());
        }
        let (bytes, took) = log.append(frame).map_err(|error| self.fail(error))?;
        self.count(bytes, took);
        let position = log.position();
        let mut rows = self.rows.write().map_err(|_| CommitError::Poisoned)?;
        for write in frame.writes() {
            let write = write.expect("this frame was encoded a moment ago");
            rows.memory.apply(write).expect("rows encoded a moment ago decode");
        }
        rows.position = position;
        drop(rows);
        // The group is durable; a failure from here on concerns the next one.
        if let Err(failed) = log.prepare() {
            self.fail(failed);
        }
        Ok(position)
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.poison.check_read()?;
        self.rows.read().map_err(|_| ReadError::Poisoned)?.memory.get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.poison.check_read()?;
        self.rows.read().map_err(|_| ReadError::Poisoned)?.memory.scan(range, after, limit)
    }

    fn position(&self) -> Position {
        self.rows.read().unwrap_or_else(PoisonError::into_inner).position
    }

    fn sync_stats(&self) -> SyncStats {
        *self.stats()
    }
}

fn encode(group: &[Batch], frame: &mut FrameBuffer) -> Result<(), CommitError> {
    frame.begin();
    for write in group.iter().flat_map(|batch| &batch.writes) {
        match write {
            Write::Put(row) => frame.put(row),
            Write::Delete(key) => frame.delete(key),
            Write::AssertAbsent(_) => {}
        }
        if frame.length() > GROUP_BYTES_MAX {
            let bytes = frame.length();
            return Err(CommitError::TooLarge { bytes, limit: GROUP_BYTES_MAX });
        }
    }
    Ok(())
}
