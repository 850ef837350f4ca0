//! Where the repository is, and which files belong to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// The root folder of the repository, known since this tool was compiled from it.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Paths, relative to the root and sorted, of every file that is tracked or would be by `git add`.
///
/// Files that git still lists but that are gone from disk are left out, so a half-done move can be
/// checked. Errors when git is missing or the tree is not a repository.
pub fn files() -> Result<Vec<String>> {
    let root = root();
    let mut git = Command::new("git");
    // A checkout may belong to another user than the one who builds it; we only list it.
    git.current_dir(&root).args(["-c", "safe.directory=*", "ls-files", "-z", "--cached"]);
    git.args(["--others", "--exclude-standard"]);
    let listing = process::capture(&mut git).context("listing the files of the repository")?;
    let mut files: Vec<String> = listing
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Reads a file of the repository by its path relative to the root.
pub fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| format!("reading {path}"))
}
