//! Ranges hold their rows, all of them, no others, in key order.

use super::reading::{all_rows, commit};
use super::samples::ranges_of;
use super::{XorShift, samples};
use crate::batch::Write;
use crate::rows::{Row, ScanRange};
use crate::store::Store;

pub(super) fn ranges_hold_their_rows_in_key_order(store: &dyn Store) {
    let mut shuffled = samples();
    let mut random = XorShift::new(7);
    for from in (1..shuffled.len()).rev() {
        shuffled.swap(from, random.below(from + 1));
    }
    for rows in shuffled.chunks(5) {
        commit(store, rows.iter().cloned().map(Write::Put).collect());
    }
    let mut expected = samples();
    expected.sort_by_key(Row::key);
    assert_eq!(all_rows(store, &ScanRange::All, 1000), expected);
    for row in samples() {
        let ranges = ranges_of(&row.key());
        assert!(!ranges.is_empty(), "{:?} lies in a range", row.key());
        for range in ranges {
            let wanted: Vec<Row> =
                expected.iter().filter(|row| range.contains(&row.key())).cloned().collect();
            assert!(wanted.contains(&row), "{range:?} holds the row it was made from");
            assert_eq!(all_rows(store, &range, 1000), wanted, "{range:?}");
        }
    }
}
