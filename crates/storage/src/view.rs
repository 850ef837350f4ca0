//! A view: all rows as of one position, for backup and export.

use fermata_types::Position;

use crate::rows::RowKey;
use crate::store::{Page, ReadError};

/// All rows of a store as of one committed position, however long it takes to read them.
///
/// Commits go on beside it. A view keeps what it needs alive (memory, pages of a checkpoint), so
/// it is dropped as soon as it has been read.
pub trait View: Send + Sync {
    /// The position whose rows these are.
    fn position(&self) -> Position;

    /// Up to `limit` rows of all families in key order, those after the key `after` if one is
    /// given; as for [`crate::Store::scan`], only [`Page::more`] says whether that was all. All
    /// pages together are the rows of one position.
    ///
    /// # Errors
    /// A row cannot be decoded, or the engine below failed to read.
    fn scan_all(&self, after: Option<&RowKey>, limit: usize) -> Result<Page, ReadError>;
}
