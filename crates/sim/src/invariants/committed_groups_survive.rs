//! What a reopened store holds is exactly what its commits said: every acknowledged group, in
//! order, and of the group under way all or nothing.

use fermata_storage::{Batch, Row, RowKey, ScanRange, Store};

use crate::shadow::Shadow;
use crate::violation::{Checked, Violation, expect};

const NAME: &str = "committed_groups_survive";

/// Whether the group under way at the crash became durable: its first row that can tell, does.
pub(crate) fn kept(store: &dyn Store, before: u64, group: &[Batch]) -> Result<bool, Violation> {
    let position = store.position().0;
    expect(position >= before && position <= before + 1, NAME, || {
        format!("the store has position {position}, commits were acknowledged up to {before}")
    })?;
    let is_later = position > before;
    expect(!is_later || !group.is_empty(), NAME, || {
        format!("the store has position {position}, but nothing was under way after {before}")
    })?;
    Ok(is_later)
}

/// Compares all rows.
pub(crate) fn check(store: &dyn Store, shadow: &Shadow) -> Checked {
    let mut expected = shadow.rows.values();
    let mut after: Option<RowKey> = None;
    loop {
        let page = store
            .scan(&ScanRange::All, after.as_ref(), 1000)
            .map_err(|error| Violation { invariant: NAME, what: error.to_string() })?;
        after = page.rows.last().map(Row::key);
        for row in page.rows {
            let known = expected.next();
            expect(known == Some(&row), NAME, || {
                format!("found {:?}, expected {:?}", row.key(), known.map(Row::key))
            })?;
        }
        if !page.more {
            break;
        }
    }
    let missing = expected.next();
    expect(missing.is_none(), NAME, || format!("{:?} is lost", missing.map(Row::key)))
}
