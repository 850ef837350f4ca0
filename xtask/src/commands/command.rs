//! The table of commands: what the command line may say, and which file carries it out.

use anyhow::Result;
use clap::Subcommand;

use super::{bench, ci, compat, deny, layers, sim, tidy, up};

/// One chore.
#[derive(Subcommand)]
pub enum Command {
    /// Do all set-up and start the server with its defaults
    Up(up::Arguments),
    /// Do all set-up and run every check and test
    Ci,
    /// Check the rules of the tree that no compiler knows
    Tidy,
    /// Check which crate uses which against layers.toml
    Layers,
    /// Check licences and duplicate packages against deny.toml
    Deny,
    /// Run the simulation, its mutants, or the kill loop against the real binary
    Sim(sim::Arguments),
    /// Run official SDKs against the real binary
    Compat(compat::Arguments),
    /// Drive a server with load and print what it did
    Bench(bench::Arguments),
}

/// Carries out one command.
pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Up(arguments) => up::run(&arguments),
        Command::Ci => ci::run(),
        Command::Tidy => tidy::run(),
        Command::Layers => layers::run(),
        Command::Deny => deny::run(),
        Command::Sim(arguments) => sim::run(&arguments),
        Command::Compat(arguments) => compat::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    }
}
