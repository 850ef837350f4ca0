//! A child of the jq pool and nothing else. The server's own binary does the same when it is
//! asked to; this one is for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    match fermata_evaluators::jq::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
