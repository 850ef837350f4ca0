//! Pages: whole, restartable at any key, consistent in themselves.

use std::thread;

use fermata_types::{MessageOffset, RunId, ShardKey, Timestamp};

use super::reading::{all_rows, commit};
use super::samples;
use super::samples::ranges_of;
use crate::batch::Write;
use crate::rows::{LaneKey, LaneRow, Row, ScanRange};
use crate::store::Store;

pub(super) fn pages_join_to_the_whole_range(store: &dyn Store) {
    commit(store, samples().into_iter().map(Write::Put).collect());
    let none = store.scan(&ScanRange::All, None, 0).expect("readable");
    assert!(none.rows.is_empty() && none.more, "a page of no rows says that there are rows");
    for row in samples() {
        for range in ranges_of(&row.key()) {
            let whole = all_rows(store, &range, 1000);
            for limit in [1, 2, 3, whole.len()] {
                assert_eq!(all_rows(store, &range, limit), whole, "{range:?} by {limit}");
            }
        }
    }
}

pub(super) fn a_page_starts_after_any_key(store: &dyn Store) {
    let rows = samples();
    let (stored, absent): (Vec<_>, Vec<_>) =
        rows.iter().cloned().enumerate().partition(|(number, _)| number % 2 == 0);
    commit(store, stored.iter().map(|(_, row)| Write::Put(row.clone())).collect());
    for (_, row) in &absent {
        for range in ranges_of(&row.key()).into_iter().chain([ScanRange::All]) {
            let page = store.scan(&range, Some(&row.key()), 1000).expect("readable");
            let mut wanted: Vec<Row> = stored
                .iter()
                .map(|(_, stored)| stored.clone())
                .filter(|stored| range.contains(&stored.key()) && stored.key() > row.key())
                .collect();
            wanted.sort_by_key(Row::key);
            assert_eq!(page.rows, wanted, "{range:?} after {:?}", row.key());
        }
    }
    // Keys outside the range: before it everything, behind it nothing.
    let mut sorted = rows;
    sorted.sort_by_key(Row::key);
    if let (Some(first), Some(last)) = (sorted.first(), sorted.last()) {
        for range in ranges_of(&last.key()) {
            let page = store.scan(&range, Some(&first.key()), 1000).expect("readable");
            assert_eq!(page.rows, all_rows(store, &range, 1000), "{range:?}");
        }
        for range in ranges_of(&first.key()) {
            let page = store.scan(&range, Some(&last.key()), 1000).expect("readable");
            assert!(page.rows.is_empty() && !page.more, "{range:?}");
        }
    }
}

/// Commits beside a reader: every commit gives all rows of the range the same number, so a page
/// that shows two numbers is half of a commit.
pub(super) fn a_page_is_consistent_beside_commits(store: &dyn Store) {
    const COMMITS: u64 = 200;
    let run = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(3), 9);
    let rows = |number: u64| -> Vec<Write> {
        let lane = |name: &str| LaneRow {
            key: LaneKey { run, lane: name.to_owned() },
            head: MessageOffset(number),
            cursor: MessageOffset(0),
            bytes: 0,
        };
        ["a", "b", "c"].map(|name| Write::Put(lane(name).into())).to_vec()
    };
    commit(store, rows(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=COMMITS {
                commit(store, rows(number));
            }
        });
        let mut seen = 0;
        while seen < COMMITS {
            let page = store.scan(&ScanRange::Lanes { run }, None, 10).expect("readable");
            let numbers: Vec<u64> = page
                .rows
                .iter()
                .map(|row| match row {
                    Row::Lane(lane) => lane.head.0,
                    other => panic!("{other:?} is no lane"),
                })
                .collect();
            let first = *numbers.first().expect("the lanes are there");
            assert_eq!(numbers, [first; 3], "a page shows half of a commit");
            assert!(first >= seen, "a later page is not older");
            seen = first;
        }
    });
}
