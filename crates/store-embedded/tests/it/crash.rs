//! The machine crashes at every file operation, and keeps any part of what was not synced.

use std::ops::RangeInclusive;

use fermata_storage::Store;
use fermata_store_embedded::{Keep, Lie, SimFiles};
use fermata_types::Position;

use crate::world::{Workload, open};

const KEEPS: [Keep; 5] = [Keep::Nothing, Keep::Everything, Keep::Data, Keep::Names, Keep::Subset];

/// Runs the workload on a machine that stops at an operation. Answers the positions that may be
/// found afterwards: all that was acknowledged, and perhaps the one group under way.
fn run_until(files: &SimFiles, workload: &Workload) -> RangeInclusive<u64> {
    let Ok(store) = open(files) else { return 0..=0 };
    match workload.run(&store) {
        Ok(done) => done.0..=done.0,
        Err((acknowledged, _)) => acknowledged.0..=acknowledged.0 + 1,
    }
}

/// Opens what a crash left, compares, finishes the workload, loses the power once more, compares.
fn check(files: &SimFiles, workload: &Workload, may: RangeInclusive<u64>) -> Result<(), String> {
    let store = open(files).map_err(|error| error.to_string())?;
    let found = store.position();
    if !may.contains(&found.0) {
        return Err(format!("position {found} recovered, expected one of {may:?}"));
    }
    if !workload.matches(&store) {
        return Err(format!("other rows than those of position {found}"));
    }
    workload.run(&store).map_err(|(_, error)| error.to_string())?;
    drop(store);
    files.crash(Keep::Nothing);
    let store = open(files).map_err(|error| format!("second crash: {error}"))?;
    if store.position() != workload.end() || !workload.matches(&store) {
        return Err(format!("second crash: position {}", store.position()));
    }
    Ok(())
}

/// Stops at every operation of the workload, crashes in every way.
fn sweep(seed: u64, lies: &[Lie]) -> Result<u64, String> {
    let workload = Workload::new(seed, 25);
    let fresh = || {
        let files = SimFiles::new(seed);
        lies.iter().for_each(|lie| files.lie(*lie));
        files
    };
    let whole = fresh();
    run_until(&whole, &workload);
    let operations = whole.operations();
    for stop in 0..=operations {
        let files = fresh();
        files.stop_at_operation(stop);
        let may = run_until(&files, &workload);
        for keep in KEEPS {
            let crashed = files.fork();
            crashed.crash(keep);
            check(&crashed, &workload, may.clone())
                .map_err(|what| format!("seed {seed}, operation {stop}, {keep:?}: {what}"))?;
        }
    }
    Ok(operations)
}

#[test]
fn acknowledged_groups_survive_a_crash_at_any_operation() {
    for seed in 1..=4 {
        let operations = sweep(seed, &[]).expect("nothing is lost");
        assert!(operations > 80, "the workload rotates and commits: {operations} operations");
    }
}

/// Recovery itself is interrupted, at each of its operations, before it succeeds.
#[test]
fn recovery_survives_a_crash_at_any_operation() {
    let (seed, workload) = (11, Workload::new(11, 25));
    let whole = SimFiles::new(seed);
    run_until(&whole, &workload);
    for stop in (0..=whole.operations()).step_by(5) {
        let files = SimFiles::new(seed);
        files.stop_at_operation(stop);
        let may = run_until(&files, &workload);
        for first in [Keep::Everything, Keep::Subset] {
            files.crash(first);
            let measured = files.fork();
            drop(open(&measured).expect("it recovers"));
            let recovery = measured.operations() - files.operations();
            for again in 0..recovery {
                let interrupted = files.fork();
                interrupted.stop_at_operation(interrupted.operations() + again);
                assert!(open(&interrupted).is_err(), "operation {stop} and {again}");
                for second in [Keep::Nothing, Keep::Subset] {
                    let crashed = interrupted.fork();
                    crashed.crash(second);
                    check(&crashed, &workload, may.clone()).unwrap_or_else(|what| {
                        panic!("operation {stop}, {first:?}, then {again}, {second:?}: {what}")
                    });
                }
            }
        }
    }
}

/// The tests above can fail: a disk that lies about syncs is found out.
#[test]
fn a_lying_disk_is_caught() {
    for lie in [Lie::SyncFile, Lie::SyncDir] {
        let found = sweep(1, &[lie]);
        assert!(found.is_err(), "{lie:?} was not caught");
    }
}

/// What a reader was shown after recovery never goes away again, not even if it had been read
/// from memory that was never synced (a process killed, then the power lost).
#[test]
fn what_recovery_shows_is_durable() {
    let workload = Workload::new(21, 25);
    let whole = SimFiles::new(21);
    run_until(&whole, &workload);
    for stop in 0..=whole.operations() {
        let files = SimFiles::new(21);
        files.stop_at_operation(stop);
        run_until(&files, &workload);
        files.crash(Keep::Everything);
        let shown = open(&files).expect("it recovers").position();
        files.crash(Keep::Nothing);
        let store = open(&files).expect("it recovers");
        assert_eq!(store.position(), shown, "operation {stop}");
        assert!(workload.matches(&store), "operation {stop}");
    }
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let run = || {
        let (files, workload) = (SimFiles::new(5), Workload::new(5, 25));
        files.stop_at_operation(70);
        run_until(&files, &workload);
        files.crash(Keep::Subset);
        let store = open(&files).expect("it recovers");
        let (position, operations) = (store.position(), files.operations());
        drop(store);
        let paths = crate::world::segments(&files);
        let bytes: Vec<_> = paths.iter().map(|path| files.read(path)).collect();
        (position, operations, bytes)
    };
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    assert!(first.0 > Position(0));
}
