//! The report as text for people.

use serde_json::{Map, Value};

use crate::report::{NamedLatency, Percentiles, Report, Setting, WorkloadReport};
use crate::sample::ServerFigures;

/// What holds for the whole call.
pub(crate) fn setting(setting: &Setting) {
    println!("target           {}", setting.target);
    println!("server version   {}", setting.server_version);
    println!(
        "machine          {} processors, generator on {} thread(s)",
        setting.processors, setting.generator_threads
    );
    match &setting.device_sync {
        Some(sync) => println!(
            "device sync      p50 {} µs, p99 {} µs ({} appends of 4 KiB)",
            sync.p50_us, sync.p99_us, sync.samples
        ),
        None => println!("device sync      not measured (give --data-dir)"),
    }
}

/// One workload.
pub(crate) fn workload(report: &WorkloadReport) {
    println!("\n== {} ==", report.workload);
    println!("parameters       {}", listed(&report.parameters));
    for (name, figure) in &report.figures {
        println!("{name:<44} {figure}");
    }
    println!("{}", heading());
    for latency in &report.latencies {
        println!("{}", row(latency));
    }
    for line in server(&report.server) {
        println!("{line}");
    }
    if let Some(cpu_ms) = report.generator_cpu_ms {
        println!("generator cpu    {cpu_ms} ms");
    }
    let failures = &report.failures;
    if failures.calls > 0 {
        println!("FAILED CALLS     {} ({})", failures.calls, listed(&failures.by_call));
        for text in &failures.first {
            println!("    {text}");
        }
    }
    let read = &report.verification;
    println!(
        "read back        {} of {} runs completed exactly once, {} mismatches, {} settled late, \
         {:.1} s",
        read.completed_once, read.runs, read.mismatches, read.settled_late, read.seconds
    );
    for mismatch in &read.shown {
        println!("    MISMATCH {mismatch}");
    }
}

/// The last line of a call.
pub(crate) fn verdict(report: &Report) {
    let unsound: Vec<&str> = report
        .workloads
        .iter()
        .filter(|workload| !workload.is_sound())
        .map(|workload| workload.workload)
        .collect();
    if unsound.is_empty() {
        println!("\nverdict          sound: every run was completed exactly once");
    } else {
        println!("\nverdict          UNSOUND: {}", unsound.join(", "));
    }
}

fn listed(map: &Map<String, Value>) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parts: Vec<String> =
        map.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    parts.join(" · ")
}

fn heading() -> String {
    format!(
        "{:<38} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "latency, µs", "samples", "mean", "p50", "p90", "p99", "p99.9", "max"
    )
}

fn row(latency: &NamedLatency) -> String {
    let Percentiles { samples, mean_us, p50_us, p90_us, p99_us, p999_us, max_us, .. } =
        latency.percentiles;
    format!(
        "{:<38} {samples:>8} {mean_us:>8.0} {p50_us:>8} {p90_us:>8} {p99_us:>8} {p999_us:>8} \
         {max_us:>8}",
        latency.of
    )
}

/// What the server reported; what it did not is said so, never shown as zero.
fn server(figures: &ServerFigures) -> Vec<String> {
    let absent = || "not reported".to_owned();
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let or = |text: Option<String>| text.unwrap_or_else(absent);
    vec![
        format!("durability mode  {}", or(figures.durability.clone())),
        format!(
            "syncs            {}, mean {}",
            or(figures.syncs.map(|count| count.to_string())),
            or(figures.mean_sync_us.map(|mean| format!("{mean:.0} µs")))
        ),
        format!(
            "server memory    {} by its own metrics, {} by /proc",
            or(figures.reported_resident_bytes.map(mib)),
            or(figures.resident_bytes.map(mib))
        ),
        format!("server cpu       {}", or(figures.cpu_ms.map(|ms| format!("{ms} ms")))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Latency;
    use std::time::Duration;

    #[test]
    fn columns_line_up() {
        let mut latency = Latency::default();
        latency.record(Duration::from_micros(1500));
        let row =
            row(&NamedLatency { of: "start sent → completed", percentiles: latency.summary() });
        assert_eq!(row.chars().count(), heading().chars().count());
        assert!(row.contains(" 1500 "), "{row}");
    }

    #[test]
    fn what_a_server_does_not_report_is_said_so() {
        let lines = server(&ServerFigures::default());
        assert!(lines.iter().all(|line| line.contains("not reported")), "{lines:?}");
    }
}
