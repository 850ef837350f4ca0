//! Checkpoints: what they hold, what they let go, and what is said when something is missing.

use std::path::{Path, PathBuf};

use fermata_storage::{ReadError, Store};
use fermata_store_embedded::{EmbeddedStore, FileLayer, Keep, OpenError, SimFiles};

use crate::world::{
    DELTA_BYTES, DIR, Kind, SEGMENT_BYTES, Stepping, Workload, open, open_as, options, segments,
};

fn checkpoint() -> PathBuf {
    Path::new(DIR).join("checkpoint.redb")
}

/// A store that has checkpointed and released, closed.
fn store(seed: u64) -> (SimFiles, Workload) {
    let (files, workload) = (SimFiles::new(seed), Workload::new(seed, 60));
    let store = open_as(&files, Kind::Layered).expect("it opens");
    workload.run(&*store).expect("committed");
    assert!(workload.matches(&*store));
    (files, workload)
}

#[test]
fn every_layer_is_used_and_segments_are_let_go() {
    let (files, workload) = (SimFiles::new(1), Workload::new(1, 60));
    let options = options(&files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES);
    let store = Stepping::new(EmbeddedStore::open(DIR, options).expect("it opens"));
    for position in 1..=workload.end().0 {
        workload.run_to(&store, fermata_types::Position(position)).expect("committed");
        assert!(workload.matches(&store), "position {position}");
    }
    assert!(store.most_waiting() >= 2, "{} deltas waited", store.most_waiting());
    let left = segments(&files);
    assert!(!left.contains(&Path::new(DIR).join("segment-0000000001.log")), "{left:?}");
    drop(store);
    let store = open(&files).expect("it opens");
    assert!(store.position() == workload.end() && workload.matches(&store));
}

#[test]
fn segments_that_come_back_are_removed_again() {
    let (files, workload) = (SimFiles::new(3), Workload::new(3, 60));
    let store = open_as(&files, Kind::Layered).expect("it opens");
    let mut old = Vec::new();
    for position in 1..=workload.end().0 {
        workload.run_to(&*store, fermata_types::Position(position)).expect("committed");
        for path in segments(&files) {
            let bytes = files.read(&path).expect("there");
            old.retain(|(known, _)| *known != path);
            old.push((path, bytes));
        }
    }
    drop(store);
    let left = segments(&files);
    let gone: Vec<_> = old.iter().filter(|(path, _)| !left.contains(path)).collect();
    assert!(gone.len() > 3, "{} segments were let go", gone.len());
    // Any of them may be back after a crash: one by one, every second, and all.
    let patterns: Vec<Vec<usize>> = (0..gone.len())
        .map(|one| vec![one])
        .chain([(0..gone.len()).step_by(2).collect(), (0..gone.len()).collect()])
        .collect();
    for pattern in patterns {
        let crashed = files.fork();
        for place in &pattern {
            let (path, bytes) = gone.get(*place).expect("one of them");
            crashed.replace(path, bytes.clone());
        }
        let store = open_as(&crashed, Kind::Layered).expect("it opens");
        assert!(workload.matches(&*store), "{pattern:?}");
        drop(store);
        let back = segments(&crashed);
        assert!(!gone.iter().any(|(path, _)| back.contains(path)), "{pattern:?}: {back:?}");
    }
}

#[test]
fn a_gap_behind_the_checkpoint_is_loud() {
    let (files, _) = store(5);
    let first = segments(&files).first().expect("one is there").clone();
    let corrupt = |files: &SimFiles, what: &str| match open(files) {
        Err(OpenError::Corrupt { file, .. }) => file,
        Err(other) => panic!("{what}: {other}"),
        Ok(store) => panic!("{what}: opened at {}", store.position()),
    };
    let missing = files.fork();
    FileLayer::remove(&missing, &first).expect("removed");
    assert_eq!(corrupt(&missing, "first segment missing"), first);

    let missing = files.fork();
    FileLayer::remove(&missing, &checkpoint()).expect("removed");
    let number: u64 = first.to_str().and_then(|path| path.get(14..24)?.parse().ok()).expect("one");
    let before = Path::new(DIR).join(format!("segment-{:010}.log", number - 1));
    assert_eq!(corrupt(&missing, "checkpoint missing"), before);

    let missing = files.fork();
    for path in segments(&files) {
        FileLayer::remove(&missing, &path).expect("removed");
    }
    corrupt(&missing, "all segments missing");
    let empty = files.fork();
    empty.replace(&checkpoint(), Vec::new());
    assert_eq!(corrupt(&empty, "empty checkpoint"), checkpoint());
    let garbage = files.fork();
    garbage.replace(&checkpoint(), vec![7; 1 << 16]);
    assert_eq!(corrupt(&garbage, "garbage"), checkpoint());
}

#[test]
fn a_checkpoint_of_another_store_is_loud() {
    let (files, _) = store(7);
    let foreign_files = SimFiles::new(8);
    let foreign = options(&foreign_files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES);
    let foreign = foreign.store_id(fermata_store_embedded::StoreId([9; 16]));
    let other = Stepping::new(EmbeddedStore::open(DIR, foreign).expect("it opens"));
    Workload::new(7, 60).run(&other).expect("committed");
    drop(other);
    files.replace(&checkpoint(), foreign_files.read(&checkpoint()).expect("there"));
    assert!(matches!(open(&files), Err(OpenError::Corrupt { file, .. }) if file == checkpoint()));
}

/// A flipped bit anywhere in the log above a checkpoint: the torn end of the last group, or loud,
/// or behind what counts; never other rows, and never a group the checkpoint has gone missing.
#[test]
fn a_flipped_bit_above_a_checkpoint_is_a_torn_end_or_loud() {
    let (mut torn, mut loud, mut harmless) = (0, 0, 0);
    for seed in 13..17 {
        let (files, workload) = store(seed);
        for path in segments(&files) {
            let bytes = files.read(&path).expect("there");
            for at in (0..bytes.len()).step_by(11) {
                let damaged_files = files.fork();
                let mut damaged = bytes.clone();
                *damaged.get_mut(at).expect("inside") ^= 1 << (at % 8);
                damaged_files.replace(&path, damaged);
                let store = match open(&damaged_files) {
                    Ok(store) => store,
                    Err(OpenError::Corrupt { .. }) => {
                        loud += 1;
                        continue;
                    }
                    Err(other) => panic!("seed {seed}, byte {at}: {other}"),
                };
                let missing = workload.end().0 - store.position().0;
                assert!(missing <= 1, "seed {seed}, byte {at}: {missing} groups missing");
                assert!(workload.matches(&store), "seed {seed}, byte {at}");
                torn += missing;
                harmless += 1 - missing;
            }
        }
    }
    assert!(torn > 20 && loud > 20 && harmless > 20, "{torn} {loud} {harmless}");
}

/// A row whose stored bytes are damaged is never shown as another row.
#[test]
fn a_damaged_row_is_loud() {
    let (files, workload) = store(11);
    let whole = files.read(&checkpoint()).expect("there");
    let mut found = 0;
    for row in workload.rows_at(workload.end()) {
        let mut value = Vec::new();
        fermata_storage::codec::encode_row(row, &mut value);
        let places = whole.windows(value.len()).enumerate().filter(|(_, bytes)| *bytes == value);
        let places: Vec<usize> = places.map(|(at, _)| at).collect();
        if value.len() < 24 || places.is_empty() {
            continue;
        }
        let (damaged_files, mut damaged) = (files.fork(), whole.clone());
        for at in &places {
            *damaged.get_mut(at + value.len() / 2).expect("inside") ^= 1;
        }
        damaged_files.replace(&checkpoint(), damaged);
        let store = open(&damaged_files).expect("it opens");
        match store.get(&row.key()) {
            Ok(read) => assert_eq!(read.as_ref(), Some(row), "from a later layer"),
            Err(ReadError::Failed { .. }) => found += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(found > 5, "{found} damaged rows were met");
}

/// A log far longer than a delta is recovered through the checkpoint, not through memory.
#[test]
fn recovery_makes_room_as_it_goes() {
    let (files, workload) = (SimFiles::new(9), Workload::new(9, 80));
    let store = open(&files).expect("it opens");
    workload.run(&store).expect("committed");
    drop(store);
    assert!(files.read(&checkpoint()).is_none(), "all of it was in the first delta");
    let many = segments(&files).len();
    let options = options(&files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES);
    let store = EmbeddedStore::open(DIR, options.clone()).expect("it opens");
    assert!(store.deltas_waiting() <= 4 && workload.matches(&store));
    assert!(files.read(&checkpoint()).is_some(), "recovery has written a checkpoint");
    drop(store);
    files.crash(Keep::Nothing);
    let store = EmbeddedStore::open(DIR, options).expect("it opens");
    assert!(workload.matches(&store));
    assert!(segments(&files).len() < many, "the second opening needs fewer segments");
}
