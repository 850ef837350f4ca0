//! `cargo xtask tidy`: one pass over the tree, every rule, every finding.

use anyhow::{Result, bail};

use crate::tidy;

/// Prints each finding as `path:line: what` and errors when there is one.
pub fn run() -> Result<()> {
    let tree = tidy::Tree::of_repository()?;
    let findings = tidy::check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} rules, {} files", tidy::RULES.len(), tree.len());
    if !findings.is_empty() {
        bail!("tidy found {}", findings.len());
    }
    Ok(())
}
