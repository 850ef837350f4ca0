//! The project's one tool: every chore of the repository is a command of `cargo xtask`.
//!
//! Read [`commands`] first: one file per command. [`tidy`], [`layers`] and [`deny`] hold the checks
//! those commands run; [`workspace`] and [`process`] are what they stand on.
#![expect(clippy::print_stdout, reason = "printing its findings is what a command-line tool does")]

mod bench;
mod commands;
mod deny;
mod layers;
mod metadata;
mod process;
mod python;
mod stopwatch;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The command line of `cargo xtask`.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of Fermata", version)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    match commands::run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
