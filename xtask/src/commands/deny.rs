//! `cargo xtask deny`: licences and duplicate packages, against `deny.toml`.

use anyhow::{Result, bail};

use crate::deny::{Policy, duplicates, graph, licences};
use crate::process;

/// Runs our own check, then cargo-deny's where that is installed; errors on the first find.
pub fn run() -> Result<()> {
    let policy = Policy::load()?;
    let packages = graph::packages(&policy)?;
    let mut findings = licences::check(&policy, &packages);
    findings.extend(duplicates::check(&policy, &packages));
    for finding in &findings {
        println!("deny: {finding}");
    }
    println!("deny: {} packages, budget {}", packages.len(), duplicates::PACKAGES_MAX);
    if !findings.is_empty() {
        bail!("deny found {}", findings.len());
    }
    if process::answers("cargo", &["deny", "--version"]) {
        process::run(&mut process::cargo(&["deny", "check", "licenses", "bans"]))?;
    }
    Ok(())
}
