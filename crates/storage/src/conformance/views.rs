//! Views: the rows of one position, whatever is committed beside them.

use super::random::compare_commit;
use super::reading::commit;
use super::{Groups, samples};
use crate::batch::Write;
use crate::model::ModelStore;
use crate::rows::Row;
use crate::store::Store;
use crate::view::View;

/// All rows of a view, read in pages.
fn all_rows_of(view: &dyn View, limit: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(Row::key);
        let page = view.scan_all(after.as_ref(), limit).expect("the view can be read");
        assert!(!page.more || !page.rows.is_empty(), "an empty page promises more");
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

pub(super) fn a_view_shows_all_rows_in_key_order(store: &dyn Store) {
    assert!(all_rows_of(&*store.view().expect("a view"), 3).is_empty());
    let position = commit(store, samples().into_iter().map(Write::Put).collect());
    let mut expected = samples();
    expected.sort_by_key(Row::key);
    let view = store.view().expect("a view");
    assert_eq!(view.position(), position);
    for limit in [1, 7, 1000] {
        assert_eq!(all_rows_of(&*view, limit), expected, "by {limit}");
    }
}

/// Views taken now and then while groups are committed; each is read again and again, last when
/// many groups have followed.
pub(super) fn a_view_stays_as_it_was(store: &dyn Store, seed: u64) {
    let (model, mut groups) = (ModelStore::new(), Groups::new(seed));
    let mut views = Vec::new();
    for number in 0..120 {
        compare_commit(store, &model, &groups.next_group(), (seed, number));
        if number % 9 == 0 {
            let view = store.view().expect("a view");
            assert_eq!(view.position(), model.position(), "seed {seed}, group {number}");
            views.push((view, model.rows()));
        }
        if number % 40 == 39 {
            for (view, rows) in &views {
                assert_eq!(all_rows_of(&**view, 11), *rows, "seed {seed}, {}", view.position());
            }
        }
    }
}
