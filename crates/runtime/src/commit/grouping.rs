//! When a group is full. No timer closes a group: while one sync runs, the next group forms.

use fermata_storage::Batch;

/// Batches of one group.
pub const GROUP_BATCHES_MAX: usize = 1024;
/// Rows of one group; bounds its bytes together with the limit of a turn.
pub const GROUP_ROWS_MAX: usize = 16_384;

/// Counts what is in a group.
#[derive(Debug, Default, Clone, Copy)]
pub struct Grouping {
    batches: usize,
    rows: usize,
}

impl Grouping {
    /// Counts a batch in.
    pub fn add(&mut self, batch: &Batch) {
        self.batches += 1;
        self.rows += batch.writes.len();
    }

    /// Whether the next batch has to wait for the next group.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.batches >= GROUP_BATCHES_MAX || self.rows >= GROUP_ROWS_MAX
    }
}
