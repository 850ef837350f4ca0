//! All rows as of the latest commit: the active delta over the older layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_storage::codec::{decode_key, decode_row};
use fermata_storage::{CodecError, Family, Row, RowKey};
use fermata_types::{Position, ShardEpoch, ShardId};

use super::delta::Delta;
use super::older::Older;
use crate::checkpoint::CheckpointView;
use crate::log::{Frame, WriteRef};

/// The rows as of a position; all of it changes together.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) active: Delta,
    pub(crate) older: Arc<Older>,
    /// The shards' epochs, decoded.
    pub(crate) epochs: BTreeMap<ShardId, ShardEpoch>,
    pub(crate) position: Position,
}

impl Layers {
    /// The rows of a checkpoint and nothing else.
    pub(crate) fn over(
        checkpoint: Option<CheckpointView>,
        epochs: BTreeMap<ShardId, ShardEpoch>,
        position: Position,
    ) -> Self {
        let older = Older { frozen: Vec::new(), checkpoint: checkpoint.map(Arc::new) };
        let active = Delta::after(position);
        Self { active, older: Arc::new(older), epochs, position }
    }

    /// Carries out a durable frame.
    ///
    /// # Errors
    /// A write or a shard's row cannot be read.
    pub(crate) fn apply_frame(&mut self, frame: &Frame<'_>) -> Result<(), CodecError> {
        frame.writes().try_for_each(|write| self.apply(write?))?;
        self.applied(frame.position, frame.length() as u64);
        Ok(())
    }

    /// Carries out one write of a durable frame.
    ///
    /// # Errors
    /// A shard's row cannot be read.
    pub(crate) fn apply(&mut self, write: WriteRef<'_>) -> Result<(), CodecError> {
        match write {
            WriteRef::Put { key, value } => {
                if is_shard(key)
                    && let Row::Shard(row) = decode_row(key, value)?
                {
                    self.epochs.insert(row.key.shard, row.epoch);
                }
                self.active.put(key, value);
            }
            WriteRef::Delete { key } => {
                if is_shard(key)
                    && let RowKey::Shard(key) = decode_key(key)?
                {
                    self.epochs.remove(&key.shard);
                }
                self.active.delete(key, self.older.is_empty());
            }
        }
        Ok(())
    }

    /// All writes of a frame are carried out.
    pub(crate) const fn applied(&mut self, position: Position, bytes: u64) {
        self.position = position;
        self.active.note_frame(position, bytes);
    }

    /// Freezes the active delta; a later one begins. Costs no more than a few allocations.
    pub(crate) fn freeze(&mut self) {
        let next = Delta::after(self.position);
        let frozen = std::mem::replace(&mut self.active, next);
        self.older = Arc::new(self.older.with(frozen));
    }

    /// Puts a new checkpoint below, and answers the layers it takes the place of: to be dropped
    /// where time does not matter.
    pub(crate) fn install(&mut self, view: CheckpointView, through: Position) -> Arc<Older> {
        let newer = Arc::new(self.older.above(view, through));
        std::mem::replace(&mut self.older, newer)
    }
}

fn is_shard(key: &[u8]) -> bool {
    key.first() == Some(&Family::Shard.ordinal())
}
