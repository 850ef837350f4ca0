//! `cargo xtask ci`: every check and every test, in the order in which they fail cheapest.

use std::time::Duration;

use anyhow::Result;

use super::{compat, deny, layers, sim, tidy};
use crate::stopwatch::{self, Stopwatch};
use crate::{process, workspace};

/// How a step ended when it did not fail.
enum Ending {
    Passed,
    /// It could not run here, and that is no failure; the text says why.
    Skipped(&'static str),
}

/// One row of the table.
struct Step {
    name: &'static str,
    run: fn() -> Result<Ending>,
}

/// Cheap and telling first; what needs release builds last.
const STEPS: &[Step] = &[
    Step { name: "fmt", run: fmt },
    Step { name: "tidy", run: || passed(tidy::run()) },
    Step { name: "layers", run: || passed(layers::run()) },
    Step { name: "deny", run: || passed(deny::run()) },
    Step { name: "clippy", run: clippy },
    Step { name: "test", run: test },
    Step { name: "sim", run: simulation },
    Step { name: "compat python", run: compat_python },
    Step { name: "kill loop", run: kill_loop },
    Step { name: "history check", run: history_check },
];

/// What the summary says of one step.
struct Line {
    name: &'static str,
    took: Duration,
    ending: &'static str,
    note: &'static str,
}

/// Runs the table top down and stops at the first failure; the summary comes in either case.
pub fn run() -> Result<()> {
    let whole = Stopwatch::start();
    let mut lines = Vec::with_capacity(STEPS.len());
    let mut failure = None;
    for step in STEPS {
        println!("\n── ci: {} ──", step.name);
        let watch = Stopwatch::start();
        let ended = (step.run)();
        let took = watch.elapsed();
        let (ending, note) = match &ended {
            Ok(Ending::Passed) => ("passed", ""),
            Ok(Ending::Skipped(why)) => ("skipped", *why),
            Err(_) => ("FAILED", ""),
        };
        println!("── ci: {} {ending} in {} ──", step.name, stopwatch::shown(took));
        lines.push(Line { name: step.name, took, ending, note });
        if let Err(error) = ended {
            failure = Some(error.context(format!("ci: step `{}` failed", step.name)));
            break;
        }
    }
    print!("{}", summary(&lines, whole.elapsed()));
    failure.map_or(Ok(()), Err)
}

/// The table at the end, with the counts in its last line.
fn summary(lines: &[Line], whole: Duration) -> String {
    let mut text = String::from("\n");
    for line in lines {
        let took = stopwatch::shown(line.took);
        let row = format!("{:<16}{:<10}{took:>14}  {}", line.name, line.ending, line.note);
        text.push_str(row.trim_end());
        text.push('\n');
    }
    for step in STEPS.iter().skip(lines.len()) {
        text.push_str(&format!("{:<16}not run\n", step.name));
    }
    let count = |ending| lines.iter().filter(|line| line.ending == ending).count();
    text.push_str(&format!("{:<26}{:>14}\n", "whole", stopwatch::shown(whole)));
    text.push_str(&format!("{} passed, {} failed\n", count("passed"), count("FAILED")));
    text
}

fn passed(outcome: Result<()>) -> Result<Ending> {
    outcome.map(|()| Ending::Passed)
}

/// A note in one line where the toolchain lacks a component, as the step's reason to be skipped.
fn without(component: &'static str) -> Ending {
    println!("{component}: not in this toolchain, so this step is left out");
    Ending::Skipped("not in this toolchain")
}

fn fmt() -> Result<Ending> {
    if !process::answers("cargo", &["fmt", "--version"]) {
        return Ok(without("rustfmt"));
    }
    passed(process::run(&mut process::cargo(&["fmt", "--all", "--", "--check"])))
}

fn clippy() -> Result<Ending> {
    if !process::answers("cargo", &["clippy", "--version"]) {
        return Ok(without("clippy"));
    }
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    passed(process::run(&mut process::cargo(&words)))
}

fn test() -> Result<Ending> {
    passed(process::run(&mut process::cargo(&["test", "--workspace"])))
}

/// Whether a part that a step runs has been built yet.
fn exists(path: &str) -> bool {
    workspace::root().join(path).is_file()
}

fn simulation() -> Result<Ending> {
    if !exists("crates/sim/src/main.rs") {
        return Ok(Ending::Skipped("not built yet"));
    }
    passed(sim::simulation(&["ci".to_owned()]))
}

fn compat_python() -> Result<Ending> {
    if !exists(compat::PYTHON_SCRIPT) {
        return Ok(Ending::Skipped("not built yet"));
    }
    passed(compat::python_suite(&[]))
}

fn kill_loop() -> Result<Ending> {
    if !exists(sim::KILL_SCRIPT) {
        return Ok(Ending::Skipped("not built yet"));
    }
    passed(sim::kill_loop("--short", &[]))
}

fn history_check() -> Result<Ending> {
    if !exists(sim::HISTORY_SCRIPT) {
        return Ok(Ending::Skipped("not built yet"));
    }
    passed(sim::history_check("--short", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_and_names_what_did_not_run() {
        let second = Duration::from_secs(1);
        let line = |name, ending| Line { name, took: second, ending, note: "" };
        let lines = [line("fmt", "passed"), line("tidy", "skipped"), line("layers", "FAILED")];
        let text = summary(&lines, second * 3);
        assert!(text.contains("deny            not run\n"), "{text}");
        assert!(text.ends_with("1 passed, 1 failed\n"), "{text}");
    }
}
