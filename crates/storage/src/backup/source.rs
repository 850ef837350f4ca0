//! A backup made piece by piece from a view, for whoever sends or writes it.

use super::writer::BackupWriter;
use crate::rows::{Row, RowKey};
use crate::store::ReadError;
use crate::view::View;

/// Rows read for one piece.
const ROWS: usize = 1024;

/// A backup under way. Holds the view for as long as it lives, so that the store keeps what the
/// view sees: it should not be left lying about.
pub struct BackupSource {
    view: Box<dyn View>,
    writer: Option<BackupWriter<Vec<u8>>>,
    after: Option<RowKey>,
    rows: u64,
}

impl BackupSource {
    /// The backup of what a view sees.
    #[must_use]
    pub fn new(view: Box<dyn View>) -> Self {
        let begun = BackupWriter::begin(Vec::new(), view.position());
        let writer = Some(begun.expect("memory takes all bytes"));
        Self { view, writer, after: None, rows: 0 }
    }

    /// The next bytes, some 1 MiB; none at the end. Reads the store, and blocks while it does.
    ///
    /// # Errors
    /// The store cannot be read; what was given out so far is no backup.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(writer) = &mut self.writer else { return Ok(None) };
        let page = self.view.scan_all(self.after.as_ref(), ROWS)?;
        for row in &page.rows {
            writer.put(row).expect("memory takes all bytes");
        }
        self.rows += page.rows.len() as u64;
        self.after = page.rows.last().map(Row::key).or_else(|| self.after.take());
        if page.more {
            return Ok(Some(writer.take_written()));
        }
        let finished = self.writer.take().map(BackupWriter::finish);
        Ok(finished.map(|ended| ended.expect("memory takes all bytes").1))
    }

    /// Rows so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }
}
