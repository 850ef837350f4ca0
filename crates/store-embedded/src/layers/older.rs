//! What lies below the active delta: frozen deltas and the checkpoint, none of which change.

use std::ops::Bound;
use std::sync::Arc;

use fermata_types::Position;

use super::delta::Delta;
use super::merge::Source;
use crate::checkpoint::{CheckpointError, CheckpointView};

/// The layers below the active delta, as of one moment. Replaced as a whole, so a reader that
/// holds it goes on reading the same rows whatever is frozen or checkpointed meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Older {
    /// Deltas that wait for the checkpointer, oldest first.
    pub(crate) frozen: Vec<Arc<Delta>>,
    /// The checkpoint below them.
    pub(crate) checkpoint: Option<Arc<CheckpointView>>,
}

impl Older {
    pub(crate) fn is_empty(&self) -> bool {
        self.frozen.is_empty() && self.checkpoint.is_none()
    }

    /// The row's bytes.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, CheckpointError> {
        if let Some(entry) = self.frozen.iter().rev().find_map(|delta| delta.get(key)) {
            return Ok(entry.value().map(<[u8]>::to_vec));
        }
        self.checkpoint.as_ref().map_or(Ok(None), |below| below.get(key))
    }

    pub(crate) fn contains(&self, key: &[u8]) -> Result<bool, CheckpointError> {
        if let Some(entry) = self.frozen.iter().rev().find_map(|delta| delta.get(key)) {
            return Ok(entry.value().is_some());
        }
        self.checkpoint.as_ref().map_or(Ok(false), |below| below.contains(key))
    }

    /// The layers from a key on, newest first.
    pub(crate) fn sources(&self, start: Bound<&[u8]>) -> Result<Vec<Source<'_>>, CheckpointError> {
        let frozen = self.frozen.iter().rev();
        let mut sources: Vec<_> =
            frozen.map(|delta| Source::Delta(delta.range(start).peekable())).collect();
        if let Some(below) = &self.checkpoint {
            sources.push(Source::Checkpoint(below.range(start)?.peekable()));
        }
        Ok(sources)
    }

    /// With one more frozen delta on top.
    pub(crate) fn with(&self, newest: Delta) -> Self {
        let mut frozen = self.frozen.clone();
        frozen.push(Arc::new(newest));
        Self { frozen, checkpoint: self.checkpoint.clone() }
    }

    /// With a new checkpoint, without the deltas it contains.
    pub(crate) fn above(&self, checkpoint: CheckpointView, through: Position) -> Self {
        let left = self.frozen.iter().filter(|delta| delta.position > through);
        Self { frozen: left.cloned().collect(), checkpoint: Some(Arc::new(checkpoint)) }
    }
}
