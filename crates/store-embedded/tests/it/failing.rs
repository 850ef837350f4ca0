//! One file operation fails and the machine lives on: the store is poisoned and says so.

use std::io;
use std::path::Path;

use fermata_storage::{CommitError, ReadError, ScanRange, Store};
use fermata_store_embedded::{EmbeddedStore, Keep, OpenError, SimFiles};
use fermata_types::Position;

use crate::world::{DIR, Kind, Workload, open, open_as, options, segments};

/// An error that says nothing about space.
const FAILURE: io::ErrorKind = io::ErrorKind::PermissionDenied;

#[test]
fn any_failed_operation_poisons_and_loses_nothing() {
    let workload = Workload::new(3, 25);
    let whole = SimFiles::new(3);
    workload.run(&open(&whole).expect("it opens")).expect("all committed");
    let (mut unknown, mut poisoned, mut refused_to_open) = (0, 0, 0);
    for failing in 0..whole.operations() {
        let files = SimFiles::new(failing);
        files.fail_operation(failing, FAILURE);
        let store = match open(&files) {
            Ok(store) => store,
            Err(error) => {
                assert!(matches!(error, OpenError::Io { .. }), "{error}");
                refused_to_open += 1;
                open(&files).expect("the second attempt succeeds")
            }
        };
        let (acknowledged, most) = match workload.run(&store) {
            Ok(done) => (done, done.0),
            Err((acknowledged, CommitError::OutcomeUnknown { .. })) => {
                unknown += 1;
                (acknowledged, acknowledged.0 + 1)
            }
            // The segment was made ahead of time, after a commit that had succeeded.
            Err((acknowledged, CommitError::Poisoned)) => {
                poisoned += 1;
                (acknowledged, acknowledged.0)
            }
            Err((_, other)) => panic!("operation {failing}: {other}"),
        };
        if acknowledged < workload.end() {
            assert!(matches!(store.commit(&[]), Err(CommitError::Poisoned)));
            let scan = store.scan(&ScanRange::All, None, 1);
            assert!(matches!(scan, Err(ReadError::Poisoned)));
            assert_eq!(store.position(), acknowledged, "the unknown group is not shown");
        }
        drop(store);
        // The process starts again; the machine still holds what the disk may have lost.
        let store = open(&files).expect("it recovers");
        let shown = store.position();
        assert!((acknowledged.0..=most).contains(&shown.0), "operation {failing}: {shown}");
        assert!(workload.matches(&store), "operation {failing}");
        let shown = workload.run_to(&store, shown.next()).expect("one more group");
        drop(store);
        // And then the power is lost: a failed sync forgot pages that a second one cannot save.
        files.crash(Keep::Nothing);
        let store = open(&files).expect("it recovers");
        assert_eq!(store.position(), shown, "operation {failing}");
        workload.run(&store).expect("the store goes on");
        assert!(workload.matches(&store), "operation {failing}");
    }
    assert!(unknown > 30, "failed writes and syncs: {unknown}");
    assert!(poisoned > 3, "failed preparations: {poisoned}");
    assert!(refused_to_open > 5, "failed openings: {refused_to_open}");
}

/// The same while deltas are checkpointed and segments let go: a failed read, write, sync or
/// removal poisons, whoever finds it, and nothing is lost.
#[test]
fn a_failed_operation_of_a_checkpoint_poisons_and_loses_nothing() {
    let workload = Workload::new(3, 25);
    let whole = SimFiles::new(3);
    workload.run(&*open_as(&whole, Kind::Layered).expect("it opens")).expect("all committed");
    let mut poisoned = 0;
    for failing in 0..whole.operations() {
        let files = SimFiles::new(failing);
        files.fail_operation(failing, FAILURE);
        let Ok(store) = open_as(&files, Kind::Layered) else { continue };
        let (acknowledged, most) = match workload.run(&*store) {
            Ok(done) => (done, done.0),
            Err((acknowledged, CommitError::OutcomeUnknown { .. })) => {
                (acknowledged, acknowledged.0 + 1)
            }
            Err((acknowledged, CommitError::Poisoned)) => {
                poisoned += 1;
                (acknowledged, acknowledged.0)
            }
            Err((_, other)) => panic!("operation {failing}: {other}"),
        };
        drop(store);
        // The process starts again, then the power is lost.
        let store = open_as(&files, Kind::Layered).expect("it recovers");
        let shown = store.position();
        assert!((acknowledged.0..=most).contains(&shown.0), "operation {failing}: {shown}");
        assert!(workload.matches(&*store), "operation {failing}");
        drop(store);
        files.crash(Keep::Nothing);
        let store = open_as(&files, Kind::Layered).expect("it recovers");
        assert_eq!(store.position(), shown, "operation {failing}");
        workload.run(&*store).expect("the store goes on");
        assert!(workload.matches(&*store), "operation {failing}");
    }
    assert!(poisoned > 30, "failed checkpoints: {poisoned}");
}

/// A file operation of a second checkpoint says that there is no space. A failed sync poisons
/// whatever it says, because it has lost pages; all else is tried again. Nothing is lost.
#[test]
fn a_sync_without_space_poisons_a_checkpoint() {
    let workload = Workload::new(5, 40);
    let prepare = || {
        let files = SimFiles::new(5);
        let store = EmbeddedStore::open(DIR, options(&files, 1 << 20)).expect("it opens");
        workload.run_to(&store, Position(8)).expect("committed");
        store.view().expect("it freezes the delta");
        assert!(store.checkpoint_step());
        workload.run(&store).expect("committed");
        store.view().expect("it freezes the delta");
        (files, store)
    };
    let (files, store) = prepare();
    let first = files.operations();
    assert!(store.checkpoint_step());
    let (mut poisoned, mut again) = (0, 0);
    for failing in first..files.operations() {
        let (files, store) = prepare();
        files.fail_operation(failing, io::ErrorKind::StorageFull);
        let is_written = store.checkpoint_step();
        if store.is_poisoned() {
            poisoned += 1;
        } else {
            again += u64::from(!is_written);
            store.checkpoint_step();
            assert!(!store.is_full() && store.deltas_waiting() == 0, "operation {failing}");
            assert!(workload.matches(&store), "operation {failing}");
        }
        drop(store);
        files.crash(Keep::Nothing);
        let store = open(&files).expect("it recovers");
        assert_eq!(store.position(), workload.end(), "operation {failing}");
        assert!(workload.matches(&store), "operation {failing}");
    }
    assert!(poisoned > 0, "no sync failed");
    assert!(again > 0, "no write failed");
}

/// The process dies when the first checkpoint has its name and the directory is not synced; the
/// next one, while it lets segments go, and the power with it.
#[test]
fn a_first_checkpoint_whose_name_is_not_durable_loses_nothing() {
    let workload = Workload::new(3, 40);
    let prepare = |seed| {
        let files = SimFiles::new(seed);
        let store = open(&files).expect("it opens");
        workload.run(&store).expect("committed");
        store.view().expect("it freezes the delta");
        (files, store)
    };
    let has_name = |files: &SimFiles| files.read(&Path::new(DIR).join("checkpoint.redb")).is_some();
    let (files, store) = prepare(0);
    let first = files.operations();
    assert!(store.checkpoint_step());
    let failing = (first..files.operations()).find(|failing| {
        let (files, store) = prepare(0);
        files.fail_operation(*failing, FAILURE);
        store.checkpoint_step();
        has_name(&files)
    });
    let failing = failing.expect("the sync behind the rename");
    for seed in 0..8 {
        let (files, store) = prepare(seed);
        files.fail_operation(failing, FAILURE);
        assert!(!store.checkpoint_step() && has_name(&files) && segments(&files).len() > 2);
        drop(store);
        let whole = files.fork();
        open(&whole).expect("it opens");
        for stop in files.operations()..whole.operations() {
            let files = files.fork();
            files.stop_at_operation(stop);
            drop(open(&files));
            files.crash(Keep::Subset);
            let store = open(&files).expect("it recovers");
            assert_eq!(store.position(), workload.end(), "seed {seed}, operation {stop}");
            assert!(workload.matches(&store), "seed {seed}, operation {stop}");
        }
    }
}

#[test]
fn two_stores_cannot_share_a_directory() {
    let files = SimFiles::new(1);
    let store = open(&files).expect("it opens");
    assert!(matches!(open(&files), Err(OpenError::Locked { .. })));
    drop(store);
    let store = open(&files).expect("the lock went with the store");
    files.crash(Keep::Everything);
    let second = open(&files).expect("the lock went with the machine");
    drop(store);
    assert!(matches!(open(&files), Err(OpenError::Locked { .. })), "the second still holds it");
    drop(second);

    let keep = tempfile::tempdir().expect("a scratch folder");
    let real = || {
        let options =
            options(&files, 4096).files(std::sync::Arc::new(fermata_store_embedded::RealFiles));
        fermata_store_embedded::EmbeddedStore::open(
            keep.path().join(DIR.trim_matches('/')),
            options,
        )
    };
    let store = real().expect("it opens");
    assert!(matches!(real(), Err(OpenError::Locked { .. })));
    drop(store);
    real().expect("the lock went with the store");
}
