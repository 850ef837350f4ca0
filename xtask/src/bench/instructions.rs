//! Instructions of small pieces of work, counted by callgrind: the same on a busy machine as on
//! an idle one, so that a regression is seen whatever the clock says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{process, workspace};

/// The counts that were accepted last, relative to the root.
const BASELINE: &str = "bench/baseline/instructions.json";
/// How often the work is done in the two counted calls; their difference is free of the set-up.
const FEW: u64 = 100;
/// See [`FEW`].
const MANY: u64 = 600;
/// Growth over the baseline that fails.
const GROWTH_MAX: f64 = 1.10;

/// What a baseline says.
#[derive(Serialize, Deserialize)]
struct Baseline {
    /// Where the counts are from: they differ between processors' families and compilers.
    made_with: String,
    /// Instructions of one piece of work, by its name.
    instructions: BTreeMap<String, u64>,
}

/// Whether the counts of this call become the baseline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They are compared with it.
    No,
    /// They replace it.
    Yes,
}

/// Counts every piece of work that `binary` knows and compares with the baseline.
///
/// Fails when one takes over a tenth more than in the baseline, or when there is no baseline.
pub fn run(binary: &Path, keep: Keep) -> Result<()> {
    install_valgrind()?;
    let mut instructions = BTreeMap::new();
    for line in process::capture(&mut Command::new(binary))?.lines() {
        let (name, what) = line.split_once('\t').unwrap_or((line, ""));
        let few = count(binary, name, FEW)?;
        let many = count(binary, name, MANY)?;
        let one = many.saturating_sub(few) / (MANY - FEW);
        println!("{name:<10} {one:>9} instructions   {what}");
        instructions.insert(name.to_owned(), one);
    }
    let now = Baseline { made_with: made_with()?, instructions };
    if keep == Keep::Yes {
        let path = workspace::root().join(BASELINE);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).context("creating the folder of the baseline")?;
        }
        let text = format!("{}\n", serde_json::to_string_pretty(&now)?);
        fs::write(&path, text).context("writing the baseline")?;
        println!("baseline written to {BASELINE}");
        return Ok(());
    }
    let text = workspace::read(BASELINE).context("`--update-baseline` makes one")?;
    let then: Baseline = serde_json::from_str(&text).context("reading the baseline")?;
    let (table, grown) = compared(&then, &now);
    print!("{table}");
    if !grown.is_empty() {
        bail!("over a tenth more instructions than in {BASELINE}: {}", grown.join(", "));
    }
    Ok(())
}

/// Each count against the baseline's, and the names of those that have grown too much.
fn compared(then: &Baseline, now: &Baseline) -> (String, Vec<String>) {
    let mut text = format!("\nbaseline: {}\nnow:      {}\n", then.made_with, now.made_with);
    let mut grown = Vec::new();
    for (name, count) in &now.instructions {
        let Some(before) = then.instructions.get(name).filter(|before| **before > 0) else {
            text.push_str(&format!("{name:<10} {count:>9}   not in the baseline\n"));
            continue;
        };
        let ratio = *count as f64 / *before as f64;
        let mark = if ratio > GROWTH_MAX { "   GROWN" } else { "" };
        text.push_str(&format!("{name:<10} {count:>9}   {ratio:.3} of {before}{mark}\n"));
        if ratio > GROWTH_MAX {
            grown.push(name.clone());
        }
    }
    (text, grown)
}

/// Instructions of a whole call of the binary.
fn count(binary: &Path, name: &str, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary)
        .args([name, &times.to_string()])
        .output()
        .context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("valgrind ended with {} for `{name}`: {said}", output.status);
    }
    collected(&said).with_context(|| format!("valgrind counted nothing for `{name}`: {said}"))
}

/// The number of its last line but a few: `==1== Collected : 12345`.
fn collected(said: &str) -> Option<u64> {
    let (_, number) = said.lines().find_map(|line| line.split_once("Collected : "))?;
    number.trim().parse().ok()
}

fn made_with() -> Result<String> {
    let compiler = process::capture(Command::new("rustc").arg("--version"))?;
    let valgrind = process::capture(Command::new("valgrind").arg("--version"))?;
    let commit = process::capture(Command::new("git").current_dir(workspace::root()).args([
        "-c",
        "safe.directory=*",
        "rev-parse",
        "--short",
        "HEAD",
    ]))?;
    let here = std::env::consts::ARCH;
    let words = [here, compiler.trim(), valgrind.trim(), "at", commit.trim()];
    Ok(words.join(" "))
}

fn install_valgrind() -> Result<()> {
    if process::answers("valgrind", &["--version"]) {
        return Ok(());
    }
    println!("no valgrind here: installing it");
    process::run(Command::new("apt-get").arg("update"))?;
    process::run(Command::new("apt-get").args(["install", "--yes", "valgrind"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(count: u64) -> Baseline {
        let instructions = BTreeMap::from([("decide".to_owned(), count)]);
        Baseline { made_with: "here".to_owned(), instructions }
    }

    #[test]
    fn the_count_is_read() {
        let said = "==1== Events    : Ir\n==1== Collected : 12345\n==1==\n";
        assert_eq!(collected(said), Some(12345));
        assert_eq!(collected("nothing"), None);
    }

    #[test]
    fn a_tenth_more_is_allowed_and_no_more() {
        assert_eq!(compared(&baseline(1000), &baseline(1100)).1, [""; 0]);
        assert_eq!(compared(&baseline(1000), &baseline(1101)).1, ["decide"]);
        assert_eq!(compared(&baseline(1000), &baseline(10)).1, [""; 0]);
        assert_eq!(compared(&baseline(0), &baseline(10)).1, [""; 0]);
    }
}
