//! No space: refused before anything happens, and over as soon as there is space.

use fermata_storage::conformance::sample_row;
use fermata_storage::{Batch, CommitError, Family, Store, Write};
use fermata_store_embedded::{OpenError, SimFiles};
use fermata_types::{Position, ShardEpoch, ShardId};

use crate::world::{SEGMENT_BYTES, open, rows};

fn group(place: u64) -> [Batch; 1] {
    let writes = vec![Write::Put(sample_row(Family::Run, place, place))];
    [Batch { shard: ShardId(0), epoch: ShardEpoch(0), writes }]
}

#[test]
fn a_full_disk_refuses_commits_and_nothing_else() {
    let files = SimFiles::new(1);
    let store = open(&files).expect("it opens");
    // Room for the first two segments and the identity, not for a third.
    files.limit_space(Some(2 * SEGMENT_BYTES + 100));
    let mut committed = Vec::new();
    let refused = loop {
        let place = committed.len() as u64 % 24;
        match store.commit(&group(place)) {
            Ok(position) => committed.push(position),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CommitError::StorageFull), "{refused}");
    assert_eq!(committed.len() as u64, 2 * (SEGMENT_BYTES / 512 - 1), "two segments of frames");
    let (position, before) = (store.position(), rows(&store));
    for _ in 0..3 {
        assert!(matches!(store.commit(&group(1)), Err(CommitError::StorageFull)));
    }
    assert_eq!((store.position(), rows(&store)), (position, before.clone()), "reads go on");

    drop(store);
    let store = open(&files).expect("a full store opens");
    assert_eq!((store.position(), rows(&store)), (position, before));
    assert!(matches!(store.commit(&group(1)), Err(CommitError::StorageFull)));
    files.limit_space(None);
    assert_eq!(store.commit(&group(1)).expect("there is space again"), position.next());
    drop(store);
    assert_eq!(open(&files).expect("it opens").position(), position.next());
}

#[test]
fn a_group_larger_than_a_segment_gets_a_segment_of_its_size() {
    let files = SimFiles::new(1);
    let store = open(&files).expect("it opens");
    let writes = (0..24).map(|place| Write::Put(sample_row(Family::History, place, 600)));
    let large = [Batch { shard: ShardId(0), epoch: ShardEpoch(0), writes: writes.collect() }];
    files.limit_space(Some(3 * SEGMENT_BYTES));
    assert!(matches!(store.commit(&large), Err(CommitError::StorageFull)));
    assert_eq!(store.position(), Position(0));
    files.limit_space(None);
    for _ in 0..3 {
        store.commit(&group(1)).expect("committed");
        store.commit(&large).expect("committed");
    }
    let expected = rows(&store);
    drop(store);
    let store = open(&files).expect("it opens");
    assert_eq!((store.position(), rows(&store)), (Position(6), expected));
}

#[test]
fn a_store_without_any_space_does_not_open() {
    let files = SimFiles::new(1);
    files.limit_space(Some(SEGMENT_BYTES - 1));
    assert!(matches!(open(&files), Err(OpenError::StorageFull { .. })));
    files.limit_space(None);
    assert_eq!(open(&files).expect("it opens").position(), Position(0));
}
