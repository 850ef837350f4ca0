//! What must be there after a store was closed and opened again.

use fermata_types::Position;

use super::fencing::{expect_fenced, takeover, writing};
use super::random::compare_commit;
use super::reading::{all_rows, batch, commit};
use super::{Groups, sample_row, samples};
use crate::batch::Write;
use crate::model::ModelStore;
use crate::rows::{Family, Row, ScanRange};
use crate::store::Store;

/// A place where one store lives, opened again and again.
pub trait Reopen {
    /// Opens the store. Whoever calls has dropped what an earlier call returned.
    fn open(&mut self) -> Box<dyn Store>;
}

pub(super) fn an_empty_store_stays_empty(place: &mut dyn Reopen) {
    for _ in 0..3 {
        let store = place.open();
        assert_eq!(store.position(), Position(0));
        assert!(all_rows(&*store, &ScanRange::All, 10).is_empty());
    }
}

pub(super) fn every_row_survives(place: &mut dyn Reopen) {
    let mut expected = samples();
    expected.sort_by_key(Row::key);
    let mut position = Position(0);
    for rows in samples().chunks(7) {
        let store = place.open();
        assert_eq!(store.position(), position, "positions go on where they were");
        position = commit(&*store, rows.iter().cloned().map(Write::Put).collect());
    }
    assert_eq!(all_rows(&*place.open(), &ScanRange::All, 10), expected);
    for row in samples() {
        commit(&*place.open(), vec![Write::Delete(row.key())]);
        expected.retain(|kept| *kept != row);
    }
    assert_eq!(all_rows(&*place.open(), &ScanRange::All, 10), expected);
}

pub(super) fn epochs_survive(place: &mut dyn Reopen) {
    place.open().commit(&[takeover(3, 5)]).expect("taken over");
    let row = sample_row(Family::Deadline, 1, 1);
    expect_fenced(&*place.open(), &[writing(3, 4, row.clone())], 3);
    place.open().commit(&[writing(3, 5, row)]).expect("the owner writes");
}

pub(super) fn refused_groups_leave_nothing(place: &mut dyn Reopen) {
    let (kept, lost) = (sample_row(Family::Lane, 1, 1), sample_row(Family::Lane, 2, 1));
    let store = place.open();
    commit(&*store, vec![Write::Put(kept.clone())]);
    let refused = [batch(vec![Write::Put(lost), Write::AssertAbsent(kept.key())])];
    assert!(store.commit(&refused).is_err(), "the row is there");
    drop(store);
    let store = place.open();
    assert_eq!(all_rows(&*store, &ScanRange::All, 10), [kept]);
    assert_eq!(store.position(), Position(1));
}

pub(super) fn behaves_like_the_model(place: &mut dyn Reopen, seed: u64) {
    let model = ModelStore::new();
    let mut groups = Groups::new(seed);
    for round in 0..12 {
        let store = place.open();
        assert_eq!(all_rows(&*store, &ScanRange::All, 50), model.rows(), "seed {seed}");
        assert_eq!(store.position(), model.position(), "seed {seed}");
        for _ in 0..round {
            compare_commit(&*store, &model, &groups.next_group(), (seed, round));
        }
    }
}
