//! What commits, readers and the checkpointer share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::checkpoint::{CheckpointError, Checkpointer};
use crate::layers::{Delta, Layers, Older};
use crate::log::{AppendError, LiveSegments, Shelf};
use crate::poison::Poison;

/// Deltas that may wait for the checkpointer before commits are slowed down.
pub(crate) const FROZEN_MAX: usize = 2;

/// What commits, readers and the checkpointer share.
pub(crate) struct Core {
    pub(crate) layers: RwLock<Layers>,
    pub(crate) poison: Poison,
    pub(crate) shelf: Arc<Shelf>,
    live: Arc<LiveSegments>,
    checkpointer: Mutex<Desk>,
    wishes: Mutex<Wishes>,
    /// Whether the last checkpoint found no space: memory must not grow without end.
    is_checkpoint_full: AtomicBool,
    /// Rings when there is a wish.
    bell: Condvar,
    /// Rings when a delta has been let go.
    relief: Condvar,
}

/// The checkpointer, and layers that nobody needs but perhaps a reader still has.
struct Desk {
    checkpointer: Checkpointer,
    retired: Vec<Arc<Older>>,
}

/// What the background thread is to do.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// The number of the next segment.
    pub(crate) segment: Option<u64>,
    /// A delta was frozen.
    pub(crate) has_frozen: bool,
    /// A commit found no space, or took the reserve. Wakes only who waits without a limit: with
    /// one, space is looked for already.
    pub(crate) lacks_space: bool,
    /// The store is being closed.
    pub(crate) is_closing: bool,
}

/// What one step of the checkpointer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// A delta is in the checkpoint.
    Checkpoint,
    /// No frozen delta waits.
    Nothing,
    /// No space; the delta waits on.
    Full,
    /// The store is poisoned or being closed.
    Ended,
}

impl Core {
    pub(crate) fn new(
        layers: Layers,
        shelf: Arc<Shelf>,
        live: Arc<LiveSegments>,
        checkpointer: Checkpointer,
    ) -> Self {
        Self {
            layers: RwLock::new(layers),
            poison: Poison::default(),
            shelf,
            live,
            checkpointer: Mutex::new(Desk { checkpointer, retired: Vec::new() }),
            wishes: Mutex::default(),
            is_checkpoint_full: AtomicBool::new(false),
            bell: Condvar::new(),
            relief: Condvar::new(),
        }
    }

    /// Asks the background thread for something.
    pub(crate) fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        wish(&mut self.wishes());
        self.bell.notify_all();
    }

    /// Takes the next wishes; waits for some, but not longer than `limit` if one is given.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Wishes {
        let is_idle = |wishes: &mut Wishes| {
            let lacks_space = wishes.lacks_space && limit.is_none();
            wishes.segment.is_none() && !wishes.has_frozen && !wishes.is_closing && !lacks_space
        };
        let guard = self.wishes();
        let mut guard = match limit {
            None => self.bell.wait_while(guard, is_idle).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.bell.wait_timeout_while(guard, limit, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let is_closing = guard.is_closing;
        std::mem::replace(&mut *guard, Wishes { is_closing, ..Wishes::default() })
    }

    /// Waits until a delta has been let go, but not longer than `limit`.
    pub(crate) fn wait_for_relief(&self, limit: Duration) {
        drop(self.relief.wait_timeout(self.wishes(), limit));
    }

    /// Whether the store is being closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.wishes().is_closing
    }

    /// Puts the next segment on the shelf. No space is no error yet.
    pub(crate) fn stock(&self, number: u64) {
        match self.shelf.stock(number) {
            Ok(()) => {}
            Err(AppendError::Full) => tracing::warn!(number, "no space for the next log segment"),
            Err(failed) => self.poison.set(&failed),
        }
    }

    /// Makes the reserve if there is space, then the segment for which there was none.
    pub(crate) fn look_for_space(&self) {
        if self.poison.is_set() {
            return;
        }
        if let Err(failed) = self.shelf.stock_reserve().and_then(|()| self.shelf.retry_wanted()) {
            self.poison.set(&failed);
        }
    }

    /// Whether the last checkpoint found no space.
    pub(crate) fn is_checkpoint_full(&self) -> bool {
        self.is_checkpoint_full.load(Ordering::SeqCst)
    }

    /// Whether there is no space for the log or the checkpoint, as far as is known.
    pub(crate) fn is_full(&self) -> bool {
        self.is_checkpoint_full() || self.shelf.is_full()
    }

    /// How many deltas wait for the checkpointer.
    pub(crate) fn waiting(&self) -> usize {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).older.frozen.len()
    }

    /// Writes the oldest frozen delta to the checkpoint, then lets it go, and the log segments
    /// that are no longer needed.
    pub(crate) fn checkpoint_step(&self, rest: &mut dyn FnMut() -> bool) -> Done {
        if self.poison.is_set() {
            return Done::Ended;
        }
        let mut desk = self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner);
        // Dropping a delta takes milliseconds: it is done here unless a reader still has it.
        desk.retired.retain(|older| Arc::strong_count(older) > 1);
        // The one before may have poisoned the store while this one waited for the desk.
        if self.poison.is_set() {
            return Done::Ended;
        }
        let Some(delta) = self.oldest() else {
            // The checkpoint that found no space may be durable nevertheless: then none is due.
            self.is_checkpoint_full.store(false, Ordering::SeqCst);
            return Done::Nothing;
        };
        match self.carry_out(&mut desk, &delta, rest) {
            Ok(()) => {
                self.is_checkpoint_full.store(false, Ordering::SeqCst);
                Done::Checkpoint
            }
            Err(CheckpointError::Stopped) => Done::Ended,
            Err(CheckpointError::Full) => self.reopen(&mut desk),
            Err(failed) => {
                self.poison.set(&failed);
                Done::Ended
            }
        }
    }

    fn oldest(&self) -> Option<Arc<Delta>> {
        self.layers.read().ok()?.older.frozen.first().cloned()
    }

    fn carry_out(
        &self,
        desk: &mut Desk,
        delta: &Delta,
        rest: &mut dyn FnMut() -> bool,
    ) -> Result<(), CheckpointError> {
        let before = desk.checkpointer.written();
        let view = desk.checkpointer.write(delta, rest)?;
        let replaced = {
            let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
            layers.install(view, delta.position)
        };
        desk.retired.push(replaced);
        self.relief.notify_all();
        let released = self.live.release(delta.position);
        let released = released.map_err(|error| CheckpointError::Failed(error.into()))?;
        let written = desk.checkpointer.written() - before;
        let (position, bytes) = (delta.position, delta.bytes());
        tracing::debug!(%position, bytes, written, released, "checkpoint");
        Ok(())
    }

    /// After a checkpoint that found no space.
    fn reopen(&self, desk: &mut Desk) -> Done {
        tracing::warn!("no space for a checkpoint; it is tried again later");
        self.is_checkpoint_full.store(true, Ordering::SeqCst);
        match desk.checkpointer.reopen() {
            Ok(None) => Done::Full,
            Ok(Some(view)) => {
                let position = desk.checkpointer.position();
                let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
                let replaced = layers.install(view, position);
                drop(layers);
                desk.retired.push(replaced);
                Done::Full
            }
            Err(failed) => {
                self.poison.set(&failed);
                Done::Ended
            }
        }
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        // Flags and a number, each set at once.
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
