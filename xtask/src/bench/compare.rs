//! Reports of several servers side by side, with ratios; what we lose is marked, not hidden.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is read of a report.
#[derive(Deserialize)]
pub struct Report {
    label: String,
    server_version: String,
    store: Option<String>,
    workloads: Vec<Workload>,
}

#[derive(Deserialize)]
struct Workload {
    workload: String,
    skipped: Option<String>,
    figures: Map<String, Value>,
    latencies: Vec<Latency>,
    server: Server,
    server_cpu_us_per_run: Option<f64>,
    failures: Failures,
    verification: Verification,
}

#[derive(Deserialize)]
struct Latency {
    of: String,
    samples: u64,
    p50_us: f64,
    p99_us: f64,
}

#[derive(Deserialize)]
struct Server {
    resident_bytes: Option<f64>,
}

#[derive(Deserialize)]
struct Failures {
    calls: u64,
}

#[derive(Deserialize)]
struct Verification {
    runs: u64,
    mismatches: u64,
}

/// Which way a figure is good.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

/// A figure by its name, in the order of the first report that has it.
type Figures = Vec<(String, Better, f64)>;

impl Report {
    /// Reads one from the JSON that the load generator wrote.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("reading a report of the bench")
    }
}

impl Workload {
    fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        for (name, value) in &self.figures {
            let Some(value) = value.as_f64() else { continue };
            if name.ends_with("/s") {
                figures.push((name.clone(), Better::More, value));
            } else if name.starts_with("s ") || name.starts_with("ms ") || name.starts_with("MiB ")
            {
                figures.push((name.clone(), Better::Less, value));
            }
        }
        for latency in self.latencies.iter().filter(|latency| latency.samples > 0) {
            figures.push((format!("{}, p50 µs", latency.of), Better::Less, latency.p50_us));
            figures.push((format!("{}, p99 µs", latency.of), Better::Less, latency.p99_us));
        }
        if let Some(us) = self.server_cpu_us_per_run {
            figures.push(("server cpu, µs a run".to_owned(), Better::Less, us));
        }
        if let Some(bytes) = self.server.resident_bytes {
            figures.push(("server memory, MiB".to_owned(), Better::Less, bytes / 1_048_576.0));
        }
        figures
    }

    /// Why its figures should not be believed, if so.
    fn doubt(&self) -> Option<String> {
        let Verification { runs, mismatches } = self.verification;
        let failed = self.failures.calls;
        match (&self.skipped, mismatches, failed) {
            (Some(why), ..) => Some(format!("left out: {why}")),
            (None, 0, 0) => None,
            _ => Some(format!(
                "UNSOUND: {failed} failed calls, {mismatches} of {runs} runs do not read as they \
                 must"
            )),
        }
    }
}

/// The first report against each of the others.
pub fn table(reports: &[Report]) -> String {
    let mut text = String::new();
    let Some((ours, others)) = reports.split_first() else { return text };
    for other in others {
        let store = |report: &Report| report.store.clone().unwrap_or_default();
        let _ = writeln!(
            text,
            "\n== {} ({}, {}) against {} ({}, {}) ==",
            ours.label,
            ours.server_version,
            store(ours),
            other.label,
            other.server_version,
            store(other)
        );
        let by_name: BTreeMap<&str, &Workload> =
            other.workloads.iter().map(|workload| (workload.workload.as_str(), workload)).collect();
        let (mut won, mut lost) = (0, 0);
        for workload in &ours.workloads {
            let Some(against) = by_name.get(workload.workload.as_str()) else { continue };
            section(workload, against, &mut text, &mut won, &mut lost);
        }
        let _ = writeln!(text, "better in {won} figures, WORSE in {lost}");
    }
    text
}

fn section(ours: &Workload, other: &Workload, text: &mut String, won: &mut u32, lost: &mut u32) {
    let _ = writeln!(text, "\n{:<58} {:>14} {:>14}   ratio", ours.workload, "first", "second");
    for (whose, workload) in [("first", ours), ("second", other)] {
        if let Some(doubt) = workload.doubt() {
            let _ = writeln!(text, "  {whose}: {doubt}");
        }
    }
    let theirs: BTreeMap<String, f64> =
        other.figures().into_iter().map(|(name, _, value)| (name, value)).collect();
    for (name, better, value) in ours.figures() {
        let Some(&against) = theirs.get(&name) else { continue };
        let verdict = verdict(better, value, against);
        if verdict.contains("WORSE") {
            *lost += 1;
        } else if verdict.contains("better") {
            *won += 1;
        }
        let _ = writeln!(text, "  {name:<56} {value:>14.1} {against:>14.1}   {verdict}");
    }
}

/// How many times better or worse the first is; within two in a hundred is the same.
fn verdict(better: Better, ours: f64, other: f64) -> String {
    let (good, bad) = match better {
        Better::More => (ours, other),
        Better::Less => (other, ours),
    };
    if (good - bad).abs() <= 0.02 * good.abs().max(bad.abs()) {
        return "the same".to_owned();
    }
    if bad <= 0.0 {
        return "better".to_owned();
    }
    if good <= 0.0 {
        return "WORSE".to_owned();
    }
    match good > bad {
        true => format!("{:.2} times better", good / bad),
        false => format!("{:.2} times WORSE", bad / good),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(label: &str, rate: f64, p99: f64) -> Report {
        let text = serde_json::json!({
            "label": label, "server_version": "1", "store": "s",
            "workloads": [{
                "workload": "one-task", "skipped": null,
                "figures": { "completed runs/s": rate, "runs started": 5 },
                "latencies": [{ "of": "start", "samples": 3, "p50_us": 10.0, "p99_us": p99 }],
                "server": { "resident_bytes": null }, "server_cpu_us_per_run": null,
                "failures": { "calls": 0 }, "verification": { "runs": 5, "mismatches": 0 },
            }],
        });
        Report::read(&text.to_string()).expect("a report")
    }

    #[test]
    fn what_is_lost_is_marked() {
        let text = table(&[report("a", 100.0, 50.0), report("b", 50.0, 25.0)]);
        assert!(text.contains("2.00 times better"), "{text}");
        assert!(text.contains("2.00 times WORSE"), "{text}");
        assert!(text.contains("the same"), "{text}");
        assert!(text.ends_with("better in 1 figures, WORSE in 1\n"), "{text}");
        assert!(!text.contains("runs started"), "{text}");
    }

    #[test]
    fn zeros_have_no_ratio() {
        assert_eq!(verdict(Better::Less, 0.0, 5.0), "better");
        assert_eq!(verdict(Better::More, 0.0, 5.0), "WORSE");
        assert_eq!(verdict(Better::More, 0.0, 0.0), "the same");
    }
}
