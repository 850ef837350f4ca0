//! The Fermata binary: the server, and what operators run beside it.

mod archive;
mod cli;
mod doctor;
mod lifecycle;
mod payload_options;
mod server;
mod slower_sync;
mod telemetry;
mod upload_options;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.command {
        cli::Command::Server(options) => server::run(&options),
        cli::Command::Doctor(options) => doctor::run(&options),
        cli::Command::JqWorker => match fermata_evaluators::jq::serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
    }
}
