//! The Python environment in which official SDKs run against our server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// The pinned packages of the environment, relative to the root.
const REQUIREMENTS: &str = "compat/python/requirements.txt";

/// The interpreter of the environment below `target_folder`, made or brought up to date first.
///
/// A stamp inside keeps the requirements it was filled with, so a second call costs nothing.
/// Interrupted half-way, it has no stamp and is filled again.
pub fn interpreter(target_folder: &Path) -> Result<PathBuf> {
    let environment = target_folder.join("compat").join("venv");
    let interpreter = environment.join("bin").join("python");
    let stamp = environment.join("requirements.stamp");
    let wanted = workspace::read(REQUIREMENTS)?;
    if interpreter.is_file() && fs::read_to_string(&stamp).is_ok_and(|filled| filled == wanted) {
        return Ok(interpreter);
    }
    create(&environment)?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(workspace::root().join(REQUIREMENTS));
    process::run(&mut pip).context("installing the Python packages of compat")?;
    fs::write(&stamp, wanted).context("writing the stamp of the Python environment")?;
    Ok(interpreter)
}

/// Makes the environment; where the system's Python comes without venv, installs that first.
fn create(environment: &Path) -> Result<()> {
    fs::create_dir_all(environment).context("creating the folder of the Python environment")?;
    let make =
        || process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment));
    let Err(first) = make() else { return Ok(()) };
    if !process::answers("apt-get", &["--version"]) {
        return Err(first).context("python3 cannot make virtual environments on this machine");
    }
    println!("python3 has no venv here: installing it");
    process::run(Command::new("apt-get").arg("update"))?;
    process::run(Command::new("apt-get").args(["install", "--yes", "python3-venv"]))?;
    make()
}
