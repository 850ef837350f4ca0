//! The faulty store fails when told to, and how it was told.

use fermata_storage::conformance::{all_rows, sample_row};
use fermata_storage::{
    Batch, CommitError, Family, Fault, FaultyStore, ModelStore, ReadError, ScanRange, Store, Write,
};
use fermata_types::{Position, ShardEpoch, ShardId};

fn batch(place: u64) -> Batch {
    let writes = vec![Write::Put(sample_row(Family::Run, place, 1))];
    Batch { shard: ShardId(4), epoch: ShardEpoch(0), writes }
}

#[test]
fn refusals_change_nothing_and_the_store_goes_on() {
    let store = FaultyStore::new(ModelStore::new());
    store.fail_commit(1, Fault::Fenced);
    store.fail_commit(2, Fault::StorageFull);
    store.commit(&[batch(1)]).expect("no fault is planned");
    let fenced = store.commit(&[batch(2)]);
    assert!(matches!(fenced, Err(CommitError::Fenced { shard: ShardId(4) })), "{fenced:?}");
    let full = store.commit(&[batch(2)]);
    assert!(matches!(full, Err(CommitError::StorageFull)), "{full:?}");
    assert_eq!(all_rows(&store, &ScanRange::All, 10).len(), 1);
    assert_eq!(store.commit(&[batch(2)]).expect("no fault is planned"), Position(2));
    assert_eq!(store.commits(), 4);
}

#[test]
fn an_unknown_outcome_poisons_and_shows_when_reopened() {
    for (fault, kept) in [(Fault::UnknownAndLost, 1), (Fault::UnknownAndKept, 2)] {
        let disk = ModelStore::new();
        let store = FaultyStore::new(disk.clone());
        store.fail_commit(1, fault);
        store.commit(&[batch(1)]).expect("no fault is planned");
        let unknown = store.commit(&[batch(2)]);
        assert!(matches!(unknown, Err(CommitError::OutcomeUnknown { .. })), "{unknown:?}");
        assert!(matches!(store.commit(&[batch(3)]), Err(CommitError::Poisoned)));
        let key = sample_row(Family::Run, 1, 1).key();
        assert!(matches!(store.get(&key), Err(ReadError::Poisoned)));
        assert!(matches!(store.scan(&ScanRange::All, None, 1), Err(ReadError::Poisoned)));
        assert_eq!(disk.rows().len(), kept, "{fault:?}");
    }
}
