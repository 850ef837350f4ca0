//! `cargo xtask compat`: official SDKs, from their package registries, against the real binary.

use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::server;
use crate::{process, python, workspace};

/// The script of the Python suite, relative to the root.
pub const PYTHON_SCRIPT: &str = "compat/python/run.py";

/// Whose SDK; all of them when none is named.
#[derive(Args)]
pub struct Arguments {
    /// The language of the SDK
    language: Option<Language>,
    /// Further arguments of the suite
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// A language whose official SDK is run.
#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// The package `conductor-python`.
    Python,
}

/// Runs the suites asked for; each prints `N passed, N failed` last.
pub fn run(arguments: &Arguments) -> Result<()> {
    match arguments.language {
        None | Some(Language::Python) => python_suite(&arguments.rest),
    }
}

/// The Python suite. The script starts the server itself, on a free port and an empty folder.
pub fn python_suite(rest: &[String]) -> Result<()> {
    let script = workspace::root().join(PYTHON_SCRIPT);
    if !script.is_file() {
        bail!("{PYTHON_SCRIPT} is not there yet");
    }
    let interpreter = python::interpreter(&server::target_folder()?)?;
    let binary = server::build_release("fermata")?;
    let mut command = Command::new(interpreter);
    command.current_dir(workspace::root()).arg(script).arg("--binary").arg(binary);
    process::run(command.args(rest))
}
