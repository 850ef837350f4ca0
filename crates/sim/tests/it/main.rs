//! A few worlds in any build: the same seed twice, fixed seeds, and that the invariants can fail.

use fermata_runtime::mutant::Mutant;
use fermata_sim::{Bug, Options, hunt, regressions, run};

/// Worlds of a quick test.
const WORLDS: u64 = 8;

#[test]
fn the_same_seed_gives_the_same_trace() {
    let options = Options { is_traced: true, ..Options::new(11) };
    let (first, second) = (run(&options), run(&options));
    assert!(first.trace.lines().count() > 1000, "a world is worth tracing");
    assert_eq!(first.trace, second.trace);
    assert_eq!((first.steps, first.lives, first.runs), (second.steps, second.lives, second.runs));
    let other = run(&Options { is_traced: true, ..Options::new(12) });
    assert_ne!(first.trace, other.trace);
}

#[test]
fn worlds_hold_all_invariants() {
    let base = Options::new(1);
    for seed in 1..=WORLDS {
        let report = run(&Options { seed, ..base.clone() });
        assert_eq!(report.violation, None, "seed {seed}, step {}", report.steps);
        assert!(report.runs > 0, "seed {seed} starts something");
    }
}

/// The workload is no use if it stops reaching something.
#[test]
fn everything_happens() {
    let base = Options::new(1);
    let mut missing = vec![
        "BranchChosen",
        "ItemTaken",
        "IterationsDropped",
        "BranchesPlanned",
        "LeaseExtended",
        "LoopAdvanced",
        "Run COMPLETED",
        "Run FAILED",
        "Run TERMINATED",
        "Run TIMED_OUT",
        "RunPaused",
        "RunResumed",
        "Task CANCELED",
        "Task FAILED",
        "Task FAILED_WITH_TERMINAL_ERROR",
        "Task TIMED_OUT",
        "TaskForgiven",
        "TaskLeased",
        "TaskProgressed",
        "TaskResolved",
        "TaskReturned",
        "VariablesSet",
    ];
    for seed in 1..=10 * WORLDS {
        let report = run(&Options { seed, ..base.clone() });
        missing.retain(|kind| !report.happened.contains_key(*kind));
        if missing.is_empty() {
            return;
        }
    }
    panic!("never happened: {missing:?}");
}

#[test]
fn the_list_of_seeds_can_be_read() {
    assert!(regressions().expect("each line begins with a seed").len() >= 5);
}

#[test]
fn a_few_mutants_are_caught() {
    let options = Options::new(1);
    for bug in [
        Bug::NoSync,
        Bug::CheckpointBelievedEarly,
        Bug::Runtime(Mutant::ReleaseBeforeCommit),
        Bug::Runtime(Mutant::LostDeadlineRow),
        Bug::Runtime(Mutant::KeyOutsideBatch),
    ] {
        let caught = hunt(bug, &options);
        assert!(caught.is_some(), "{bug} is not caught");
    }
}
