//! The store: fences and assertions, then the log, then the active delta.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fermata_storage::{
    Batch, CommitError, Page, ReadError, Row, RowKey, ScanRange, Store, SyncStats, View, Write,
};
use fermata_types::Position;

use crate::background::{self, Core, Done, FROZEN_MAX};
use crate::checkpoint::CheckpointError;
use crate::file::{FileLayer, FileLock};
use crate::layers::{self, Refusal};
use crate::log::{AppendError, FrameBuffer, LogWriter, OpenError};
use crate::options::{Checkpoints, Options};
use crate::recovery::{self, Recovered};
use crate::view::LayersView;

/// Encoded bytes a group may have. A larger one is refused before anything is written; callers
/// close groups at about 1 MiB, and a single batch cannot be this large.
pub const GROUP_BYTES_MAX: usize = 256 << 20;

/// Name of the file whose lock says that the directory is in use.
const LOCK_NAME: &str = "store.lock";

/// The first delay of a commit when deltas pile up; it doubles with each further one.
const DELAY: Duration = Duration::from_millis(1);
/// Doublings of the delay: 16 ms at most.
const DELAY_DOUBLINGS: u32 = 4;

/// A store in one directory of one machine.
///
/// Every commit is one write and one sync of the log. What was written since the last checkpoint
/// is in memory, in deltas; a thread writes them to the checkpoint and lets log segments go. Any
/// failed write or sync poisons the store: it has to be dropped and opened anew.
pub struct EmbeddedStore {
    shared: Arc<Core>,
    writer: Mutex<Writer>,
    stats: Mutex<SyncStats>,
    options: Options,
    thread: Option<JoinHandle<()>>,
}

struct Writer {
    log: LogWriter,
    frame: FrameBuffer,
}

impl EmbeddedStore {
    /// Opens the store of a directory, or creates it: reads the checkpoint's position, then the
    /// log after it.
    ///
    /// Every group whose commit returned `Ok` is there, whatever crashed meanwhile; a group whose
    /// commit had not returned may be there, whole. What is there when this returns is durable.
    ///
    /// # Errors
    /// The directory is in use, damaged, of a newer format, or cannot be read or written.
    pub fn open(dir: impl Into<PathBuf>, options: Options) -> Result<Self, OpenError> {
        let dir = dir.into();
        let lock = lock(&*options.files, &dir)?;
        let Recovered { log, layers, checkpointer } = recovery::open(dir.clone(), &options, lock)?;
        let shared = Arc::new(Core::new(layers, log.shelf(), log.live(), checkpointer));
        shared.look_for_space();
        let thread = match options.checkpoints {
            Checkpoints::Manual => None,
            Checkpoints::Background => Some(
                background::start(shared.clone())
                    .map_err(OpenError::io("start the checkpointer of", &dir))?,
            ),
        };
        Ok(Self {
            shared,
            writer: Mutex::new(Writer { log, frame: FrameBuffer::default() }),
            stats: Mutex::default(),
            options,
            thread,
        })
    }

    /// Writes one frozen delta to the checkpoint and lets go what that makes needless; says
    /// whether there was one. Only needed with `Checkpoints::Manual`. No space leaves the delta
    /// waiting, any other failure poisons the store. A store without space looks for some.
    pub fn checkpoint_step(&self) -> bool {
        self.shared.look_for_space();
        self.shared.checkpoint_step(&mut || true) == Done::Checkpoint
    }

    /// Whether an earlier failure poisoned the store.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.poison.is_set()
    }

    /// How many frozen deltas wait for the checkpointer.
    #[must_use]
    pub fn deltas_waiting(&self) -> usize {
        self.shared.waiting()
    }

    /// Slows a commit down a little when deltas pile up, until one is done at the latest, so that
    /// memory stays bounded and no single commit waits for a whole checkpoint.
    fn slow_down(&self) {
        let waiting = self.shared.waiting();
        if self.thread.is_some() && waiting > FROZEN_MAX {
            let doublings = u32::try_from(waiting - FROZEN_MAX - 1).unwrap_or(DELAY_DOUBLINGS);
            self.shared.wait_for_relief(DELAY * (1 << doublings.min(DELAY_DOUBLINGS)));
        }
    }

    fn admit(&self, group: &[Batch]) -> Result<(), CommitError> {
        let layers = self.shared.layers.read().map_err(|_| CommitError::Poisoned)?;
        layers.admit(group).map_err(|refusal| match refusal {
            Refusal::Refused(error) => error,
            // The checkpoint ran out of space and is being opened anew.
            Refusal::Unreadable(CheckpointError::Full) => CommitError::StorageFull,
            Refusal::Unreadable(error) => {
                self.shared.poison.set(&error);
                CommitError::Poisoned
            }
        })
    }

    /// Shows a durable group to readers. Freezes the delta if that is due.
    fn apply(
        &self,
        frame: &FrameBuffer,
        position: Position,
        bytes: usize,
    ) -> Result<(), CommitError> {
        let mut layers = self.shared.layers.write().map_err(|_| CommitError::Poisoned)?;
        for write in frame.writes() {
            let write = write.expect("this frame was encoded a moment ago");
            layers.apply(write).expect("rows encoded a moment ago decode");
        }
        layers.applied(position, bytes as u64);
        let is_due = self.options.is_due(&layers.active);
        if is_due {
            layers.freeze();
        }
        drop(layers);
        if is_due {
            self.shared.wish(|wishes| wishes.has_frozen = true);
        }
        Ok(())
    }

    fn fail(&self, error: AppendError) -> CommitError {
        match error {
            AppendError::Full => {
                self.shared.wish(|wishes| wishes.lacks_space = true);
                CommitError::StorageFull
            }
            failed @ AppendError::Failed { .. } => {
                self.shared.poison.set(&failed);
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

impl EmbeddedStore {
    /// Commits a group; `may_use_reserve` if it has to go on without other space.
    fn write(&self, group: &[Batch], may_use_reserve: bool) -> Result<Position, CommitError> {
        self.shared.poison.check_commit()?;
        self.slow_down();
        let mut writer = self.writer.lock().map_err(|_| CommitError::Poisoned)?;
        // The one who had the lock before may have failed.
        self.shared.poison.check_commit()?;
        let Writer { log, frame } = &mut *writer;
        self.admit(group)?;
        encode(group, frame)?;
        if frame.is_empty() {
            return Ok(log.position());
        }
        let (bytes, took) = log.append(frame, may_use_reserve).map_err(|error| self.fail(error))?;
        self.count(bytes, took);
        let position = log.position();
        self.apply(frame, position, bytes)?;
        if may_use_reserve && self.shared.is_full() {
            // It may be this group that has taken the reserve.
            self.shared.wish(|wishes| wishes.lacks_space = true);
        }
        // The group is durable; a failure from here on concerns the next one.
        match (log.ask_for_next(), &self.thread) {
            (Some(number), Some(_)) => self.shared.wish(|wishes| wishes.segment = Some(number)),
            (Some(number), None) => self.shared.stock(number),
            (None, _) => {}
        }
        Ok(position)
    }
}

impl Store for EmbeddedStore {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        if self.shared.is_checkpoint_full() {
            return Err(CommitError::StorageFull);
        }
        self.write(group, false)
    }

    fn commit_from_reserve(&self, group: &[Batch]) -> Result<Position, CommitError> {
        self.write(group, true)
    }

    fn is_full(&self) -> bool {
        self.shared.is_full()
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.shared.poison.check_read()?;
        layers::get(&self.shared.layers, key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.shared.poison.check_read()?;
        layers::scan(&self.shared.layers, range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        self.shared.poison.check_read()?;
        let mut layers = self.shared.layers.write().map_err(|_| ReadError::Poisoned)?;
        let has_changes = !layers.active.is_empty();
        if has_changes {
            layers.freeze();
        }
        let view = LayersView { older: layers.older.clone(), position: layers.position };
        drop(layers);
        if has_changes {
            self.shared.wish(|wishes| wishes.has_frozen = true);
        }
        Ok(Box::new(view))
    }

    fn position(&self) -> Position {
        self.shared.layers.read().unwrap_or_else(PoisonError::into_inner).position
    }

    fn sync_stats(&self) -> SyncStats {
        *self.stats()
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.shared.wish(|wishes| wishes.is_closing = true);
        if let Some(thread) = self.thread.take() {
            // If it panicked, the store is poisoned and that has been said.
            let _ = thread.join();
        }
    }
}

/// Makes a directory and takes its lock.
pub(crate) fn lock(files: &dyn FileLayer, dir: &Path) -> Result<Arc<dyn FileLock>, OpenError> {
    files.create_dir(dir).map_err(OpenError::io("create", dir))?;
    let path = dir.join(LOCK_NAME);
    let lock = files.lock(&path).map_err(OpenError::io("lock", &path))?;
    lock.map(Arc::from).ok_or_else(|| OpenError::Locked { dir: dir.to_owned() })
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
