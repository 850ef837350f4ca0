//! Measures a server with the Conductor REST API and reads back every run.

use std::process::ExitCode;

use clap::Parser;
use fermata_bench::{Arguments, Verdict, run};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(Verdict::Sound) => ExitCode::SUCCESS,
        Ok(Verdict::Unsound) => ExitCode::from(1),
        Err(error) => {
            eprintln!("fermata-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}
