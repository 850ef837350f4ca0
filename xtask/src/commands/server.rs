//! The server's binary: built for release, with or without the features only tests need.

use std::path::PathBuf;

use anyhow::Result;

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
/// It has a build folder of its own, so that the feature never gets into the binary of users and
/// neither build throws the other's work away.
pub fn build_for_kills() -> Result<PathBuf> {
    let folder = target_folder()?.join("kill");
    let mut cargo = process::cargo(&["build", "--release", "--package", "fermata"]);
    process::run(cargo.args(["--features", "hold-rotation", "--target-dir"]).arg(&folder))?;
    Ok(folder.join("release").join("fermata"))
}
