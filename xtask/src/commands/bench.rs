//! `cargo xtask bench`: the load generator against our server, or against any other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use super::server;
use crate::bench::compare::{self, Report};
use crate::bench::instructions::{self, Keep};
use crate::bench::{Server, reference};
use crate::{process, python, workspace};

/// The workers of the official SDK, relative to the root.
const SDK_SCRIPT: &str = "compat/bench/handoff_workers.py";

/// Rates at which the slower of two servers does not drown, unless others are given.
const GENTLE: [[&str; 2]; 5] = [
    ["--handoff-rate", "20"],
    ["--message-rate", "10"],
    ["--sync-rate", "20"],
    ["--open-runs", "64"],
    ["--settle-seconds", "120"],
];

/// Which servers; what follows goes to `fermata-bench` as it is.
#[derive(Args)]
pub struct Arguments {
    /// Drive this server too, with the same load, and print both side by side
    #[arg(long, value_enum)]
    against: Option<Against>,
    /// Run everything a second time with so many milliseconds added to each sync
    #[arg(long)]
    added_sync_ms: Option<u64>,
    /// Print reports that were taken before side by side, the first against each other
    #[arg(long, num_args = 2..)]
    compare: Vec<PathBuf>,
    /// Count instructions of small pieces of work and compare with `bench/baseline`
    #[arg(long, conflicts_with_all = ["against", "added_sync_ms", "soak"])]
    instructions: bool,
    /// Make the counts the new baseline
    #[arg(long, requires = "instructions")]
    update_baseline: bool,
    /// Time small pieces of work
    #[arg(long, conflicts_with_all = ["against", "added_sync_ms", "soak", "instructions"])]
    micro: bool,
    /// Minutes of `soak`, instead of any other workload
    #[arg(long)]
    soak: Option<f64>,
    /// Load of `soak` as a share of the peak
    #[arg(long, requires = "soak")]
    load: Option<f64>,
    /// Rule by which the server removes ended runs during `soak`, as `age=60s`; may be repeated
    #[arg(long, requires = "soak")]
    retain: Vec<String>,
    /// Arguments of the load generator; with `--url` among them no server is started
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Another server that we know how to start.
#[derive(Clone, Copy, ValueEnum)]
enum Against {
    /// The reference server in Java, on its embedded SQLite store
    Reference,
}

/// Builds what is needed, drives each server, and compares them if there are several.
pub fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.compare.is_empty() {
        let read = |path: &PathBuf| Report::read(&fs::read_to_string(path)?);
        let reports = arguments.compare.iter().map(read).collect::<Result<Vec<_>>>();
        print!("{}", compare::table(&reports.context("reading the reports to compare")?));
        return Ok(());
    }
    if arguments.micro {
        let mut cargo = process::cargo(&["bench", "--package", "fermata-bench", "--bench"]);
        return process::run(cargo.args(["micro", "--"]).args(&arguments.rest));
    }
    let generator = server::build_release("fermata-bench")?;
    if arguments.instructions {
        let keep = if arguments.update_baseline { Keep::Yes } else { Keep::No };
        return instructions::run(&generator.with_file_name("fermata-bench-micro"), keep);
    }
    let words = words(arguments);
    if words.iter().any(|word| word == "--url" || word.starts_with("--url=")) {
        return process::run(Command::new(generator).args(words));
    }
    let target_folder = server::target_folder()?;
    let binary = server::build_release("fermata")?;
    let mut servers = vec![Server::ours(&binary, 0)];
    if let Some(ms) = arguments.added_sync_ms {
        servers.push(Server::ours(&binary, ms));
    }
    if let Some(Against::Reference) = arguments.against {
        servers.push(reference::server(&target_folder)?);
    }
    let sdk = sdk(&words, &target_folder)?;
    let mut reports = Vec::new();
    let mut unsound = Vec::new();
    for server in &servers {
        let (report, is_sound) = drive(&generator, server, &target_folder, &sdk, &words)?;
        reports.push(report);
        if !is_sound {
            unsound.push(server.label.as_str());
        }
    }
    print!("{}", compare::table(&reports));
    // A foreign server may do what it likes; the table says so.
    if unsound.iter().any(|label| label.starts_with("fermata")) {
        bail!("figures that may not be believed, of {}", unsound.join(", "));
    }
    Ok(())
}

/// Runs the generator, which starts the server; its report, and whether all was sound.
fn drive(
    generator: &Path,
    server: &Server,
    target_folder: &Path,
    sdk: &[String],
    words: &[String],
) -> Result<(Report, bool)> {
    let folder = server.folder(target_folder)?;
    let json = folder.join("report.json");
    let mut command = Command::new(generator);
    command.args(server.recipe()).arg("--data-dir").arg(&folder).arg("--json").arg(&json);
    command.args(sdk).args(words);
    let status = command.status().context("cannot start the load generator")?;
    // 1 says that a figure may not be believed; the report is whole then.
    if !status.success() && status.code() != Some(1) {
        bail!("the load generator ended with {status}");
    }
    println!("report           {}", json.display());
    let text = fs::read_to_string(&json).context("reading the report")?;
    Ok((Report::read(&text)?, status.success()))
}

/// The arguments of the generator.
fn words(arguments: &Arguments) -> Vec<String> {
    let mut words = arguments.rest.clone();
    if let Some(minutes) = arguments.soak {
        words.extend(["--workload".to_owned(), "soak".to_owned()]);
        words.extend(["--soak-minutes".to_owned(), minutes.to_string()]);
        words.extend(arguments.load.iter().flat_map(|load| ["--load".into(), load.to_string()]));
        words.extend(
            arguments.retain.iter().map(|rule| format!("--soak-serve-arg=--retain={rule}")),
        );
    }
    if arguments.against.is_some() {
        for [name, value] in GENTLE {
            if !words.iter().any(|word| word.starts_with(name)) {
                words.extend([name.to_owned(), value.to_owned()]);
            }
        }
    }
    words
}

/// A Python with the official SDK, where a workload may want it. Without Python, or without the
/// SDK's packages, the workload is left out and says so.
fn sdk(words: &[String], target_folder: &Path) -> Result<Vec<String>> {
    let workload = words.iter().position(|word| word == "--workload");
    let named = workload.and_then(|at| words.get(at + 1));
    if named.is_some_and(|named| !named.contains("handoff-sdk")) {
        return Ok(Vec::new());
    }
    let script: PathBuf = workspace::root().join(SDK_SCRIPT);
    match python::interpreter(target_folder) {
        Ok(python) => Ok(vec![
            format!("--python={}", python.display()),
            format!("--sdk-script={}", script.display()),
        ]),
        Err(error) => {
            eprintln!("bench: no official SDK here: {error:#}");
            Ok(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Arguments {
        Arguments {
            against: None,
            added_sync_ms: None,
            compare: Vec::new(),
            instructions: false,
            update_baseline: false,
            micro: false,
            soak: None,
            load: None,
            retain: Vec::new(),
            rest: Vec::new(),
        }
    }

    #[test]
    fn a_soak_is_one_workload() {
        let soak = Arguments {
            soak: Some(0.5),
            load: Some(0.7),
            retain: vec!["age=1d".to_owned()],
            ..asked()
        };
        let expected = [
            "--workload",
            "soak",
            "--soak-minutes",
            "0.5",
            "--load",
            "0.7",
            "--soak-serve-arg=--retain=age=1d",
        ];
        assert_eq!(words(&soak), expected);
    }

    #[test]
    fn two_servers_get_a_load_that_both_can_bear_unless_told_otherwise() {
        let rest = vec!["--handoff-rate".to_owned(), "50".to_owned()];
        let words = words(&Arguments { against: Some(Against::Reference), rest, ..asked() });
        assert!(words.windows(2).any(|pair| pair == ["--handoff-rate", "50"]), "{words:?}");
        assert!(!words.windows(2).any(|pair| pair == ["--handoff-rate", "20"]), "{words:?}");
        assert!(words.windows(2).any(|pair| pair == ["--sync-rate", "20"]), "{words:?}");
    }
}
