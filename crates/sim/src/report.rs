//! What the commands print.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::mutants::{Bug, hunt};
use crate::run::{Options, run};
use crate::seeds;

/// Worlds of which CI compares two traces.
const COMPARED: u64 = 3;
/// Fresh worlds between two looks at the clock.
const ROUND: u64 = 20;

/// Checks passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
}

impl Tally {
    const fn count(&mut self, holds: bool) {
        if holds { self.passed += 1 } else { self.failed += 1 }
    }

    /// Prints the last line of a command.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn print(self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs one world and prints what came of it, with the way to see it again if it failed.
///
/// # Errors
/// The output cannot be written.
pub fn one(options: &Options, tally: &mut Tally, out: &mut dyn Write) -> io::Result<()> {
    let report = run(options);
    out.write_all(report.trace.as_bytes())?;
    tally.count(report.violation.is_none());
    if let Some(violation) = report.violation {
        writeln!(out, "seed {} failed in step {}: {violation}", options.seed, report.steps)?;
        writeln!(out, "see it: fermata-sim run --seed {} --trace", options.seed)?;
    }
    Ok(())
}

/// Hunts every mutant.
///
/// # Errors
/// The output cannot be written.
pub fn mutants(options: &Options, tally: &mut Tally, out: &mut dyn Write) -> io::Result<()> {
    for bug in Bug::all() {
        let caught = hunt(bug, options);
        tally.count(caught.is_some());
        match caught {
            Some(caught) => {
                let (seed, step) = (caught.seed, caught.step);
                let invariant = caught.violation.invariant;
                writeln!(out, "caught: {bug} by {invariant} at seed {seed} step {step}")?;
            }
            None => writeln!(out, "NOT CAUGHT: {bug} from seed {}", options.seed)?,
        }
    }
    Ok(())
}

/// The seeds of the list, and the same world twice with the same trace.
///
/// # Errors
/// The output cannot be written.
pub fn fixed(options: &Options, tally: &mut Tally, out: &mut dyn Write) -> io::Result<()> {
    match seeds::regressions() {
        Ok(list) => {
            writeln!(out, "{} fixed seeds", list.len())?;
            for seed in list {
                one(&Options { seed, ..options.clone() }, tally, out)?;
            }
        }
        Err(what) => {
            tally.count(false);
            writeln!(out, "seeds/regressions.txt: {what}")?;
        }
    }
    for seed in 1..=COMPARED {
        let traced = Options { seed, is_traced: true, ..options.clone() };
        let (first, second) = (run(&traced), run(&traced));
        let is_same = first.trace == second.trace && !first.trace.is_empty();
        tally.count(is_same);
        let verdict = if is_same { "the same" } else { "ANOTHER" };
        let lines = first.trace.lines().count();
        writeln!(out, "seed {seed} twice: {verdict} trace of {lines} lines")?;
    }
    Ok(())
}

/// Fresh worlds while `goes_on`; prints the seed they start from, so that they can be repeated.
///
/// # Errors
/// The output cannot be written.
pub fn fresh(
    options: &Options,
    tally: &mut Tally,
    out: &mut dyn Write,
    goes_on: &mut dyn FnMut() -> bool,
) -> io::Result<()> {
    let base = options.seed;
    let (mut seed, mut steps, mut lives) = (base, 0, 0);
    let mut happened: BTreeMap<String, u64> = BTreeMap::new();
    writeln!(out, "fresh seeds from {base}")?;
    while goes_on() {
        for _ in 0..ROUND {
            let report = run(&Options { seed, ..options.clone() });
            tally.count(report.violation.is_none());
            for (kind, count) in report.happened {
                *happened.entry(kind).or_insert(0) += count;
            }
            steps += report.steps;
            lives += report.lives;
            if let Some(violation) = report.violation {
                writeln!(out, "seed {seed} failed in step {}: {violation}", report.steps)?;
                writeln!(out, "see it: fermata-sim run --seed {seed} --trace")?;
            }
            seed = seed.wrapping_add(1);
        }
    }
    let kinds: Vec<String> =
        happened.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    writeln!(out, "{}", kinds.join(", "))?;
    let worlds = seed.wrapping_sub(base);
    writeln!(out, "{worlds} fresh worlds, {steps} steps, {lives} lives of the server")
}
