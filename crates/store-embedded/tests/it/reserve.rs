//! No space with a reserve: what frees space is still committed, nothing is poisoned, and the store
//! finds its way back by itself.

use fermata_storage::conformance::sample_row;
use fermata_storage::{Batch, CommitError, Family, Store, Write};
use fermata_store_embedded::{Checkpoints, EmbeddedStore, Keep, Options, SimFiles};
use fermata_types::{Position, ShardEpoch, ShardId};

use crate::world::{DELTA_BYTES, DIR, SEGMENT_BYTES, Workload, options, rows};

fn reserving(files: &SimFiles) -> Options {
    options(files, SEGMENT_BYTES).keep_reserve(true)
}

fn open(files: &SimFiles) -> EmbeddedStore {
    EmbeddedStore::open(DIR, reserving(files)).expect("it opens")
}

fn group(write: Write) -> [Batch; 1] {
    [Batch { shard: ShardId(0), epoch: ShardEpoch(0), writes: vec![write] }]
}

fn put(place: u64) -> [Batch; 1] {
    group(Write::Put(sample_row(Family::Run, place, place)))
}

fn delete(place: u64) -> [Batch; 1] {
    group(Write::Delete(sample_row(Family::Run, place, place).key()))
}

/// Commits until there is no space; how many groups that took.
fn fill(store: &EmbeddedStore) -> u64 {
    (0..).find(|place| store.commit(&put(place % 24)).is_err()).expect("it ends")
}

#[test]
fn a_full_store_still_deletes() {
    let files = SimFiles::new(1);
    // Room for two segments and the reserve.
    files.limit_space(Some(3 * SEGMENT_BYTES + 100));
    let store = open(&files);
    let frames = SEGMENT_BYTES / 512 - 1;
    assert_eq!(fill(&store), 2 * frames);
    assert!(store.is_full());
    assert!(matches!(store.commit(&put(1)), Err(CommitError::StorageFull)));
    for place in 0..frames - 1 {
        store.commit_from_reserve(&delete(place)).expect("the reserve is for this");
        assert!(matches!(store.commit(&put(1)), Err(CommitError::StorageFull)));
    }
    let (position, before) = (store.position(), rows(&store));
    drop(store);
    files.crash(Keep::Nothing);

    let store = open(&files);
    assert_eq!((store.position(), rows(&store)), (position, before));
    assert!(store.is_full(), "the reserve is in use");
    assert!(matches!(store.commit(&put(1)), Err(CommitError::StorageFull)));
    store.commit_from_reserve(&delete(frames)).expect("the last frame of the reserve");
    let refused = store.commit_from_reserve(&delete(frames + 1));
    assert!(matches!(refused, Err(CommitError::StorageFull)), "{refused:?}");

    files.limit_space(None);
    store.commit(&put(1)).expect("there is space again");
    assert!(!store.is_full());
    drop(store);
    assert_eq!(open(&files).position(), Position(position.0 + 2));
}

/// Space comes back while nobody commits: the store finds it by itself.
#[test]
fn a_full_store_finds_space_by_itself() {
    for takes_reserve in [false, true] {
        let files = SimFiles::new(1);
        files.limit_space(Some(3 * SEGMENT_BYTES + 100));
        let store = open(&files);
        fill(&store);
        if takes_reserve {
            store.commit_from_reserve(&delete(1)).expect("the reserve is for this");
        }
        store.checkpoint_step();
        assert!(store.is_full(), "there is no space yet");
        files.limit_space(None);
        store.checkpoint_step();
        assert!(!store.is_full(), "reserve taken: {takes_reserve}");
        store.commit(&put(1)).expect("there is space again");
    }
}

/// The same with the store's own thread, which nobody but a refused commit tells of it.
#[test]
fn the_thread_of_a_full_store_finds_space() {
    let files = SimFiles::new(1);
    files.limit_space(Some(3 * SEGMENT_BYTES + 100));
    let options = reserving(&files).checkpoints(Checkpoints::Background);
    let store = EmbeddedStore::open(DIR, options).expect("it opens");
    fill(&store);
    store.commit_from_reserve(&delete(1)).expect("the reserve is for this");
    assert!(store.is_full());
    files.limit_space(None);
    while store.is_full() {
        std::thread::yield_now();
    }
    store.commit(&put(1)).expect("there is space again");
}

/// The process or the machine dies anywhere on the way into the reserve.
#[test]
fn the_reserve_survives_a_crash_at_any_operation() {
    let workload = Workload::new(1, 40);
    let run = |files: &SimFiles| -> Option<(u64, u64)> {
        files.limit_space(Some(4 * SEGMENT_BYTES + 100));
        let store = EmbeddedStore::open(DIR, reserving(files)).ok()?;
        let end = workload.run(&Reserving(&store));
        let position = store.position().0;
        Some((position, position + u64::from(end.is_err())))
    };
    let whole = SimFiles::new(1);
    let (reached, _) = run(&whole).expect("it opens");
    assert!(reached < workload.end().0, "the space is used up");
    for stop in 0..whole.operations() {
        let files = SimFiles::new(1);
        files.stop_at_operation(stop);
        let (least, most) = run(&files).unwrap_or((0, 0));
        for keep in [Keep::Nothing, Keep::Everything, Keep::Data, Keep::Names, Keep::Subset] {
            let crashed = files.fork();
            crashed.crash(keep);
            crashed.limit_space(None);
            let store = open(&crashed);
            let found = store.position().0;
            assert!((least..=most).contains(&found), "{stop} {keep:?}: {found}, not {least}");
            assert!(workload.matches(&store), "{stop} {keep:?}");
            workload.run(&store).expect("it goes on");
            drop(store);
            crashed.crash(Keep::Nothing);
            let store = open(&crashed);
            assert!(store.position() == workload.end() && workload.matches(&store), "{stop}");
        }
    }
}

/// A store whose every group may use the reserve if it has to.
struct Reserving<'a>(&'a EmbeddedStore);

impl Store for Reserving<'_> {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        match self.0.commit(group) {
            Err(CommitError::StorageFull) => self.0.commit_from_reserve(group),
            done => done,
        }
    }

    fn get(
        &self,
        key: &fermata_storage::RowKey,
    ) -> Result<Option<fermata_storage::Row>, fermata_storage::ReadError> {
        self.0.get(key)
    }

    fn scan(
        &self,
        range: &fermata_storage::ScanRange,
        after: Option<&fermata_storage::RowKey>,
        limit: usize,
    ) -> Result<fermata_storage::Page, fermata_storage::ReadError> {
        self.0.scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn fermata_storage::View>, fermata_storage::ReadError> {
        self.0.view()
    }

    fn position(&self) -> Position {
        self.0.position()
    }

    fn sync_stats(&self) -> fermata_storage::SyncStats {
        self.0.sync_stats()
    }
}

/// A checkpoint that finds no space changes nothing and is tried again, the first as any other.
#[test]
fn a_checkpoint_without_space_waits() {
    let files = SimFiles::new(1);
    let store = EmbeddedStore::open(DIR, reserving(&files).delta_bytes(DELTA_BYTES));
    let store = store.expect("it opens");
    let workload = Workload::new(2, 200);
    let mut failures = 0;
    for position in 1..=workload.end().0 {
        workload.run_to(&store, Position(position)).expect("committed");
        if store.deltas_waiting() > 0 && position % 2 == 0 {
            // Whatever there is, and a little more.
            files.limit_space(Some(files.used() + 3000 * (position % 5)));
            failures += u64::from(!store.checkpoint_step());
            assert!(!store.is_poisoned(), "position {position}");
            assert!(workload.matches(&store), "position {position}");
            files.limit_space(None);
            assert!(store.checkpoint_step() || store.deltas_waiting() == 0);
            assert!(!store.is_full(), "position {position}");
        }
    }
    assert!(failures > 0, "no checkpoint lacked space");
    assert!(workload.matches(&store));
    drop(store);
    files.crash(Keep::Nothing);
    assert!(workload.matches(&open(&files)));
}

/// While the checkpoint has no space, memory would grow: ordinary groups are refused.
#[test]
fn commits_are_refused_while_checkpoints_have_no_space() {
    let files = SimFiles::new(1);
    let options = reserving(&files).delta_bytes(1).checkpoints(Checkpoints::Manual);
    let store = EmbeddedStore::open(DIR, options).expect("it opens");
    store.commit(&put(1)).expect("committed");
    files.limit_space(Some(files.used()));
    assert!(!store.checkpoint_step(), "there is no space");
    assert!(store.is_full());
    assert!(matches!(store.commit(&put(2)), Err(CommitError::StorageFull)));
    store.commit_from_reserve(&delete(1)).expect("deletes go on");
    files.limit_space(None);
    assert!(store.checkpoint_step(), "there is space again");
    assert!(!store.is_full());
    store.commit(&put(2)).expect("committed");
}
