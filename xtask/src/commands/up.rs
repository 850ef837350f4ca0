//! `cargo xtask up`: builds the server in release mode and becomes it.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use super::server;

/// What follows `up` goes to `fermata server` as it is.
#[derive(Args)]
pub struct Arguments {
    /// Arguments of `fermata server`, for example `--listen 127.0.0.1:9090`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    server: Vec<String>,
}

/// Builds, then replaces this process, so that ctrl-c and SIGTERM reach the server itself and its
/// exit code is ours. Returns only when the server could not be started.
pub fn run(arguments: &Arguments) -> Result<()> {
    let binary = server::build_release("fermata")?;
    println!("$ fermata server {}", arguments.server.join(" "));
    let error = Command::new(&binary).arg("server").args(&arguments.server).exec();
    Err(error).context("cannot start the server that was just built")
}
