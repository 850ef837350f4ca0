//! The view of one position: the layers as they were when it was taken.

use std::ops::Bound;
use std::sync::Arc;

use fermata_storage::{Page, ReadError, RowKey, View};
use fermata_types::Position;

use crate::layers::{Copied, Older, Walk, encoded};

/// Layers that no longer change. Frozen deltas stay in memory and the checkpoint's pages in its
/// file as long as this lives; the directory stays locked too.
pub(crate) struct LayersView {
    pub(crate) older: Arc<Older>,
    pub(crate) position: Position,
}

impl View for LayersView {
    fn position(&self) -> Position {
        self.position
    }

    fn scan_all(&self, after: Option<&RowKey>, limit: usize) -> Result<Page, ReadError> {
        let after = after.map(encoded);
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        Walk { prefix: &[], start, limit }.page(&Copied::NONE, &self.older)
    }
}
