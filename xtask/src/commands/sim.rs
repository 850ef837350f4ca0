//! `cargo xtask sim`: the simulation, its mutants, and what is done to the real binary: the kill
//! loop, and the history checker.

use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use super::server;
use crate::{process, python, workspace};

/// The script of the kill loop, relative to the root.
pub const KILL_SCRIPT: &str = "compat/kill/run.py";

/// The script of the history checker; it needs no package but Python's own.
pub const HISTORY_SCRIPT: &str = "compat/history/run.py";

/// Which proof to run; what follows goes to it as it is.
#[derive(Args)]
pub struct Arguments {
    /// Run this seed of the workload (`fermata-sim run --seed N`)
    #[arg(long, conflicts_with_all = ["kill", "kill_short"])]
    seed: Option<u64>,
    /// Build the deliberate bugs and see each of them caught
    #[arg(long, conflicts_with_all = ["kill", "kill_short"])]
    mutants: bool,
    /// Kill the real server again and again under load: the long form
    #[arg(long, conflicts_with = "kill_short")]
    kill: bool,
    /// The short form of the kill loop, as CI runs it
    #[arg(long)]
    kill_short: bool,
    /// Judge the history of all calls under kills, instead of the kill loop's ledger
    #[arg(long)]
    check: bool,
    /// Further arguments of the simulation or of the kill loop
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs what the arguments name.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.check {
        let form = if arguments.kill { "--long" } else { "--short" };
        return history_check(form, &arguments.rest);
    }
    if arguments.kill || arguments.kill_short {
        let form = if arguments.kill { "--long" } else { "--short" };
        return kill_loop(form, &arguments.rest);
    }
    simulation(&words(arguments))
}

/// The simulation's own binary, in release mode, with these arguments.
pub fn simulation(arguments: &[String]) -> Result<()> {
    let mut cargo = process::cargo(&["run", "--release", "--package", "fermata-sim"]);
    process::run(cargo.args(["--bin", "fermata-sim", "--"]).args(arguments))
}

/// The kill loop, `--long` or `--short`, against a server that holds rotation at its steps.
pub fn kill_loop(form: &str, rest: &[String]) -> Result<()> {
    let script = workspace::root().join(KILL_SCRIPT);
    if !script.is_file() {
        bail!("{KILL_SCRIPT} is not there yet");
    }
    let interpreter = python::interpreter(&server::target_folder()?)?;
    let binary = server::build_for_kills()?;
    let mut command = Command::new(interpreter);
    command.current_dir(workspace::root()).arg(script).arg("--binary").arg(binary);
    process::run(command.arg(form).args(rest))
}

/// The history checker, `--long` or `--short`, against the binary of users.
pub fn history_check(form: &str, rest: &[String]) -> Result<()> {
    let binary = server::build_release("fermata")?;
    let mut command = Command::new("python3");
    command.current_dir(workspace::root()).arg(HISTORY_SCRIPT).arg("--binary").arg(binary);
    process::run(command.arg(form).args(rest))
}

/// The arguments of the simulation's binary.
fn words(arguments: &Arguments) -> Vec<String> {
    let mut words = Vec::new();
    if arguments.mutants {
        words.push("mutants".to_owned());
    } else if arguments.seed.is_some() {
        words.push("run".to_owned());
    }
    if let Some(seed) = arguments.seed {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    words.extend(arguments.rest.iter().cloned());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(seed: Option<u64>, mutants: bool, rest: &[&str]) -> Vec<String> {
        let rest = rest.iter().map(|word| (*word).to_owned()).collect();
        words(&Arguments { seed, mutants, kill: false, kill_short: false, check: false, rest })
    }

    #[test]
    fn a_seed_is_a_run_of_that_seed() {
        assert_eq!(asked(Some(7), false, &[]), ["run", "--seed", "7"]);
    }

    #[test]
    fn mutants_take_a_seed_too() {
        assert_eq!(asked(Some(7), true, &["--quiet"]), ["mutants", "--seed", "7", "--quiet"]);
    }

    #[test]
    fn anything_else_passes_through() {
        assert_eq!(asked(None, false, &["ci"]), ["ci"]);
    }
}
