//! Fencing: a stale owner of a shard writes nothing.

use fermata_types::{ShardEpoch, ShardId};

use super::reading::all_rows;
use super::sample_row;
use crate::batch::{Batch, Write};
use crate::rows::{Family, Row, ScanRange, ShardRow, ShardRowKey};
use crate::store::{CommitError, Store};

/// A batch that takes a shard over.
pub(super) fn takeover(shard: u16, epoch: u64) -> Batch {
    let row = ShardRow { key: ShardRowKey { shard: ShardId(shard) }, epoch: ShardEpoch(epoch) };
    Batch { shard: ShardId(shard), epoch: ShardEpoch(epoch), writes: vec![Write::Put(row.into())] }
}

/// A batch of a shard that writes one row.
pub(super) fn writing(shard: u16, epoch: u64, row: Row) -> Batch {
    Batch { shard: ShardId(shard), epoch: ShardEpoch(epoch), writes: vec![Write::Put(row)] }
}

pub(super) fn expect_fenced(store: &dyn Store, group: &[Batch], expected: u16) {
    let (rows, position) = (all_rows(store, &ScanRange::All, 100), store.position());
    match store.commit(group) {
        Err(CommitError::Fenced { shard }) => assert_eq!(shard, ShardId(expected)),
        other => panic!("expected a fenced batch, got {other:?}"),
    }
    assert_eq!(all_rows(store, &ScanRange::All, 100), rows, "nothing happened");
    assert_eq!(store.position(), position, "a fenced group is not counted");
}

pub(super) fn stale_owners_are_refused(store: &dyn Store) {
    let row = |place| sample_row(Family::Queue, place, 1);
    store.commit(&[writing(1, 0, row(1))]).expect("a shard without a row is at epoch 0");
    store.commit(&[takeover(1, 2)]).expect("taken over");
    expect_fenced(store, &[writing(1, 1, row(2))], 1);
    expect_fenced(store, &[writing(2, 0, row(2)), writing(1, 0, row(3))], 1);
    let stale = Batch { shard: ShardId(1), epoch: ShardEpoch(1), writes: vec![] };
    expect_fenced(store, &[stale], 1);
    store.commit(&[writing(1, 2, row(2))]).expect("the owner writes");
    store.commit(&[writing(2, 0, row(3))]).expect("other shards are not concerned");
    // A higher epoch passes, and fences nobody until its row is written.
    store.commit(&[writing(1, 9, row(4))]).expect("a later owner writes");
    store.commit(&[writing(1, 2, row(5))]).expect("the stored epoch is still 2");
}

pub(super) fn a_group_sees_its_own_epochs(store: &dyn Store) {
    let row = |place| sample_row(Family::Queue, place, 1);
    store.commit(&[takeover(1, 1)]).expect("taken over");
    expect_fenced(store, &[takeover(1, 2), writing(1, 1, row(1))], 1);
    store.commit(&[takeover(1, 2), writing(1, 2, row(1))]).expect("in one group");
    expect_fenced(store, &[writing(1, 1, row(2))], 1);
}
