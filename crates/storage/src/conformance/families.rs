//! Every family can be written, read, replaced and removed.

use super::reading::{all_rows, commit};
use super::{sample_row, samples};
use crate::batch::Write;
use crate::rows::{Family, Row, ScanRange};
use crate::store::Store;

pub(super) fn every_row_comes_back(store: &dyn Store) {
    for row in samples() {
        assert_eq!(store.get(&row.key()).expect("readable"), None, "a new store is empty");
    }
    commit(store, samples().into_iter().map(Write::Put).collect());
    for row in samples() {
        assert_eq!(store.get(&row.key()).expect("readable").as_ref(), Some(&row));
    }
    assert_eq!(all_rows(store, &ScanRange::All, 1000).len(), samples().len());
}

pub(super) fn a_put_replaces_and_a_delete_removes(store: &dyn Store) {
    for family in Family::ALL.into_iter().filter(|family| *family != Family::Shard) {
        let (first, second) = (sample_row(family, 1, 10), sample_row(family, 1, 11));
        assert_eq!(first.key(), second.key(), "samples of one place share a key");
        let get = || store.get(&first.key()).expect("readable");
        let put = |row: &Row| commit(store, vec![Write::Put(row.clone())]);
        put(&first);
        assert_eq!(get().as_ref(), Some(&first));
        put(&second);
        assert_eq!(get().as_ref(), Some(&second));
        commit(store, vec![Write::Delete(first.key())]);
        assert_eq!(get(), None);
        commit(store, vec![Write::Delete(first.key())]);
        assert_eq!(get(), None, "deleting nothing does nothing");
        put(&first);
        assert_eq!(get().as_ref(), Some(&first), "a deleted row can be written again");
    }
}
