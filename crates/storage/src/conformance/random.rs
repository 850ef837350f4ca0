//! Random groups, the same to the store and to the model.

use super::{Groups, all_rows};
use crate::model::ModelStore;
use crate::rows::ScanRange;
use crate::store::Store;

const GROUPS: usize = 150;

pub(super) fn behaves_like_the_model(store: &dyn Store, seed: u64) {
    let model = ModelStore::new();
    let mut groups = Groups::new(seed);
    for number in 0..GROUPS {
        let group = groups.next_group();
        compare_commit(store, &model, &group, (seed, number));
        for batch in &group {
            for key in batch.writes.iter().map(Groups::key_of) {
                let (got, wanted) = (store.get(&key), model.get(&key));
                let (got, wanted) = (got.expect("readable"), wanted.expect("readable"));
                assert_eq!(got, wanted, "seed {seed}, group {number}");
            }
        }
    }
    assert_eq!(all_rows(store, &ScanRange::All, 17), model.rows(), "seed {seed}");
}

/// Commits to both and demands the same answer.
pub(super) fn compare_commit(
    store: &dyn Store,
    model: &ModelStore,
    group: &[crate::batch::Batch],
    place: (u64, usize),
) {
    let (got, wanted) = (store.commit(group), model.commit(group));
    assert_eq!(format!("{got:?}"), format!("{wanted:?}"), "seed and group {place:?}");
    assert_eq!(store.position(), model.position(), "seed and group {place:?}");
}
