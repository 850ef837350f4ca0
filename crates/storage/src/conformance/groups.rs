//! Groups: in order, all or nothing, counted.

use bytes::Bytes;
use fermata_types::{EventNumber, Position, RunId, ShardKey, Timestamp};

use super::reading::{all_rows, batch, commit};
use super::sample_row;
use crate::batch::Write;
use crate::rows::{Family, PayloadKey, PayloadRow, ScanRange};
use crate::store::{CommitError, Store};

pub(super) fn writes_happen_in_order(store: &dyn Store) {
    let (old, new) = (sample_row(Family::Queue, 2, 1), sample_row(Family::Queue, 2, 2));
    let key = old.key();
    commit(store, vec![Write::Put(new.clone()), Write::Delete(key.clone())]);
    assert_eq!(store.get(&key).expect("readable"), None, "the delete came last");
    commit(store, vec![Write::Delete(key.clone()), Write::Put(old.clone())]);
    assert_eq!(store.get(&key).expect("readable"), Some(old.clone()), "the put came last");
    let group = [
        batch(vec![Write::Delete(key.clone())]),
        batch(vec![Write::AssertAbsent(key.clone()), Write::Put(old)]),
        batch(vec![Write::Put(new.clone())]),
    ];
    store.commit(&group).expect("a batch sees the ones before it");
    assert_eq!(store.get(&key).expect("readable"), Some(new));
}

pub(super) fn a_refused_group_changes_nothing(store: &dyn Store) {
    let kept = sample_row(Family::Run, 1, 1);
    let before = commit(store, vec![Write::Put(kept.clone())]);
    let others = [sample_row(Family::Run, 2, 1), sample_row(Family::History, 3, 1)];
    let put = |number: usize| others.get(number).cloned().map(Write::Put).expect("there are two");
    let assertion = Write::AssertAbsent(kept.key());
    let in_group = others.first().expect("there are two").key();
    for (refused, found) in [
        (vec![batch(vec![put(0)]), batch(vec![put(1), assertion])], kept.key()),
        (
            vec![
                batch(vec![put(0), Write::Delete(kept.key())]),
                batch(vec![Write::AssertAbsent(kept.key()), Write::AssertAbsent(in_group.clone())]),
            ],
            in_group,
        ),
    ] {
        match store.commit(&refused) {
            Err(CommitError::NotAbsent { key }) => assert_eq!(*key, found),
            other => panic!("expected a refusal, got {other:?}"),
        }
        assert_eq!(
            all_rows(store, &ScanRange::All, 10),
            std::slice::from_ref(&kept),
            "nothing happened"
        );
        assert_eq!(store.position(), before, "a refused group is not counted");
    }
    commit(store, vec![put(0), put(1)]);
    assert_eq!(all_rows(store, &ScanRange::All, 10).len(), 3, "the store goes on");
}

pub(super) fn positions_count_groups(store: &dyn Store) {
    assert_eq!(store.position(), Position(0), "a new store is at 0");
    let row = sample_row(Family::TaskLog, 1, 1);
    assert_eq!(store.commit(&[]).expect("nothing to do"), Position(0));
    let nothing = [batch(vec![]), batch(vec![Write::AssertAbsent(row.key())])];
    assert_eq!(store.commit(&nothing).expect("nothing to write"), Position(0));
    assert_eq!(commit(store, vec![Write::Put(row.clone())]), Position(1));
    let group = [batch(vec![Write::Put(row.clone())]), batch(vec![Write::Put(row.clone())])];
    assert_eq!(store.commit(&group).expect("committed"), Position(2), "one for a group");
    assert_eq!(commit(store, vec![Write::Delete(row.key())]), Position(3));
    assert_eq!(store.position(), Position(3));
}

pub(super) fn large_rows_are_kept(store: &dyn Store) {
    let run = RunId::compose(Timestamp::from_ms(5), ShardKey::wrapping(1), 1);
    let rows: Vec<PayloadRow> = [0, 1, 511, 512, 513, 4096, 70_000, 1 << 20]
        .into_iter()
        .enumerate()
        .map(|(number, size)| PayloadRow {
            key: PayloadKey { run, event: EventNumber(number as u64), part: 0 },
            bytes: Bytes::from(vec![b'x'; size]),
        })
        .collect();
    for row in &rows {
        commit(store, vec![Write::Put(row.clone().into())]);
    }
    for row in rows {
        assert_eq!(store.get(&row.key.into()).expect("readable"), Some(row.into()));
    }
}
