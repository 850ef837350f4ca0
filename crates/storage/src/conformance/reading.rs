//! Reading a whole range, page by page.

use crate::batch::{Batch, Write};
use crate::rows::{Row, ScanRange};
use crate::store::Store;
use fermata_types::{Position, ShardEpoch, ShardId};

/// All rows of a range, read in pages of `limit` rows.
///
/// # Panics
/// The store fails to read, or says that there is more and gives nothing.
#[must_use]
pub fn all_rows(store: &dyn Store, range: &ScanRange, limit: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(Row::key);
        let page = store.scan(range, after.as_ref(), limit).expect("the range can be read");
        assert!(page.rows.len() <= limit, "a page is longer than its limit");
        assert!(!page.more || !page.rows.is_empty(), "an empty page promises more");
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

/// A batch of shard 0 under epoch 0.
pub(super) const fn batch(writes: Vec<Write>) -> Batch {
    Batch { shard: ShardId(0), epoch: ShardEpoch(0), writes }
}

/// Commits one batch of shard 0 under epoch 0.
pub(super) fn commit(store: &dyn Store, writes: Vec<Write>) -> Position {
    store.commit(&[batch(writes)]).expect("the group is committed")
}
