//! The server's binary: built for release, with or without the features only tests need.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::metadata::Metadata;
use crate::process;

/// The build folder of cargo for this workspace.
pub fn target_folder() -> Result<PathBuf> {
    Ok(PathBuf::from(Metadata::of_workspace()?.target_directory))
}

/// Builds a binary of the workspace in release mode and says where it is.
pub fn build_release(package: &str) -> Result<PathBuf> {
    process::run(&mut process::cargo(&["build", "--release", "--package", package]))?;
    Ok(target_folder()?.join("release").join(package))
}

/// Builds the server that holds segment rotation at each of its named steps, for the kill loop.
///
/// It shares the build folder with the binary of users, so that only what the feature touches is
/// built twice, and is copied out of it at once: the next plain build puts its own binary there.
pub fn build_for_kills() -> Result<PathBuf> {
    let mut cargo = process::cargo(&["build", "--release", "--package", "fermata"]);
    process::run(cargo.args(["--features", "hold-rotation"]))?;
    let folder = target_folder()?;
    let kept = folder.join("kill");
    std::fs::create_dir_all(&kept).with_context(|| format!("cannot create {}", kept.display()))?;
    let (built, copy) = (folder.join("release").join("fermata"), kept.join("fermata"));
    std::fs::copy(&built, &copy).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(copy)
}
