//! `cargo xtask layers`: which crate uses which, against `layers.toml`.

use anyhow::{Result, bail};

use crate::layers::{Layers, edges, purity};
use crate::metadata::Metadata;

/// Prints each offending path and errors when there is one.
pub fn run() -> Result<()> {
    let layers = Layers::load()?;
    let metadata = Metadata::of_platform(layers.platform())?;
    let mut findings = edges::check(&layers, &metadata);
    findings.extend(purity::check(&layers, &metadata));
    for finding in &findings {
        println!("layers: {finding}");
    }
    println!("layers: {} crates, {} of them pure", layers.crates(), layers.pure_crates());
    if !findings.is_empty() {
        bail!("layers found {}", findings.len());
    }
    Ok(())
}
