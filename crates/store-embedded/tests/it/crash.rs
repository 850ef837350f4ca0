//! The machine crashes at every file operation, and keeps any part of what was not synced.

use std::ops::RangeInclusive;

use fermata_storage::Store;
use fermata_store_embedded::{Keep, Lie, SimFiles};
use fermata_types::Position;

use crate::world::{Kind, Workload, open, open_as};

const KEEPS: [Keep; 5] = [Keep::Nothing, Keep::Everything, Keep::Data, Keep::Names, Keep::Subset];

/// Runs the workload on a machine that stops at an operation. Answers the positions that may be
/// found afterwards: all that was acknowledged, and perhaps the one group under way.
fn run_until(files: &SimFiles, workload: &Workload, kind: Kind) -> RangeInclusive<u64> {
    let Ok(store) = open_as(files, kind) else { return 0..=0 };
    match workload.run(&*store) {
        Ok(done) => done.0..=done.0,
        Err((acknowledged, _)) => acknowledged.0..=acknowledged.0 + 1,
    }
}

/// Opens what a crash left, compares, finishes the workload, loses the power once more, compares.
fn check(
    files: &SimFiles,
    workload: &Workload,
    kind: Kind,
    may: RangeInclusive<u64>,
) -> Result<(), String> {
    let store = open_as(files, kind).map_err(|error| error.to_string())?;
    let found = store.position();
    if !may.contains(&found.0) {
        return Err(format!("position {found} recovered, expected one of {may:?}"));
    }
    if !workload.matches(&*store) {
        return Err(format!("other rows than those of position {found}"));
    }
    workload.run(&*store).map_err(|(_, error)| error.to_string())?;
    drop(store);
    files.crash(Keep::Nothing);
    let store = open_as(files, kind).map_err(|error| format!("second crash: {error}"))?;
    if store.position() != workload.end() || !workload.matches(&*store) {
        return Err(format!("second crash: position {}", store.position()));
    }
    Ok(())
}

/// Stops at every operation of the workload, crashes in every way.
fn sweep(seed: u64, lies: &[Lie], kind: Kind) -> Result<u64, String> {
    let workload = Workload::new(seed, 25);
    let fresh = || {
        let files = SimFiles::new(seed);
        lies.iter().for_each(|lie| files.lie(*lie));
        files
    };
    let whole = fresh();
    run_until(&whole, &workload, kind);
    let operations = whole.operations();
    for stop in 0..=operations {
        let files = fresh();
        files.stop_at_operation(stop);
        let may = run_until(&files, &workload, kind);
        for keep in KEEPS {
            let crashed = files.fork();
            crashed.crash(keep);
            check(&crashed, &workload, kind, may.clone())
                .map_err(|what| format!("seed {seed}, operation {stop}, {keep:?}: {what}"))?;
        }
    }
    Ok(operations)
}

#[test]
fn acknowledged_groups_survive_a_crash_at_any_operation() {
    for seed in 1..=4 {
        let operations = sweep(seed, &[], Kind::LogOnly).expect("nothing is lost");
        assert!(operations > 80, "the workload rotates and commits: {operations} operations");
    }
}

/// The same through checkpoints and the release of segments.
#[test]
fn checkpoints_survive_a_crash_at_any_operation() {
    let operations = sweep(1, &[], Kind::Layered).expect("nothing is lost");
    assert!(operations > 200, "the workload checkpoints: {operations} operations");
}

/// Recovery itself is interrupted, at each of its operations, before it succeeds.
#[test]
fn recovery_survives_a_crash_at_any_operation() {
    interrupt_recovery(Kind::LogOnly, 5, 1);
}

#[test]
fn recovery_with_checkpoints_survives_a_crash() {
    interrupt_recovery(Kind::Layered, 61, 3);
}

/// Stops at every `step`th operation of the workload, then at every `again`th of recovery.
fn interrupt_recovery(kind: Kind, step: usize, again_step: usize) {
    let (seed, workload) = (11, Workload::new(11, 25));
    let whole = SimFiles::new(seed);
    run_until(&whole, &workload, kind);
    for stop in (0..=whole.operations()).step_by(step) {
        let files = SimFiles::new(seed);
        files.stop_at_operation(stop);
        let may = run_until(&files, &workload, kind);
        for first in [Keep::Everything, Keep::Subset] {
            files.crash(first);
            let measured = files.fork();
            let store = open_as(&measured, kind).expect("it recovers");
            let recovery = measured.operations() - files.operations();
            drop(store);
            for again in (0..recovery).step_by(again_step) {
                let interrupted = files.fork();
                interrupted.stop_at_operation(interrupted.operations() + again);
                assert!(open_as(&interrupted, kind).is_err(), "operation {stop} and {again}");
                for second in [Keep::Nothing, Keep::Subset] {
                    let crashed = interrupted.fork();
                    crashed.crash(second);
                    check(&crashed, &workload, kind, may.clone()).unwrap_or_else(|what| {
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
        for kind in [Kind::LogOnly, Kind::Layered] {
            let found = sweep(1, &[lie], kind);
            assert!(found.is_err(), "{lie:?} was not caught, {kind:?}");
        }
    }
}

/// What a reader was shown after recovery never goes away again, not even if it had been read
/// from memory that was never synced (a process killed, then the power lost).
#[test]
fn what_recovery_shows_is_durable() {
    let workload = Workload::new(21, 25);
    let whole = SimFiles::new(21);
    run_until(&whole, &workload, Kind::LogOnly);
    for stop in 0..=whole.operations() {
        let files = SimFiles::new(21);
        files.stop_at_operation(stop);
        run_until(&files, &workload, Kind::LogOnly);
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
        run_until(&files, &workload, Kind::LogOnly);
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
