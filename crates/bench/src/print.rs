//! The report as text for people.

use serde_json::{Map, Value};

use crate::report::{NamedLatency, Percentiles, Report, Setting, WorkloadReport};
use crate::sample::ServerFigures;

/// What holds for the whole call.
pub(crate) fn setting(setting: &Setting) {
    println!("target           {} ({})", setting.label, setting.target);
    println!("server version   {}", setting.server_version);
    println!("store            {}", setting.store.as_deref().unwrap_or("not named"));
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
    if let Some(why) = &report.skipped {
        println!("SKIPPED          {why}");
        return;
    }
    println!("parameters       {}", listed(&report.parameters));
    for (name, figure) in &report.figures {
        println!("{name:<44} {figure}");
    }
    if !report.latencies.is_empty() {
        println!("{}", heading());
    }
    for latency in &report.latencies {
        println!("{}", row(latency));
    }
    for line in server(&report.server) {
        println!("{line}");
    }
    for line in cost(report) {
        println!("{line}");
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
    let left_out = report.workloads.iter().filter(|workload| workload.skipped.is_some()).count();
    if left_out > 0 {
        println!("\nleft out         {left_out} workloads: see SKIPPED above");
    }
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

/// Processor time of both sides for each run and task.
fn cost(report: &WorkloadReport) -> Vec<String> {
    let or = |us: Option<u64>, per| us.map(|us| format!(", {us} µs a {per}")).unwrap_or_default();
    let each = or(report.server_cpu_us_per_run, "run") + &or(report.server_cpu_us_per_task, "task");
    let absent = || "not reported".to_owned();
    let ms = |ms: Option<u64>| ms.map_or_else(absent, |ms| format!("{ms} ms"));
    let generator = or(report.generator_cpu_us_per_run, "run");
    vec![
        format!("server cpu       {}{each}", ms(report.server.cpu_ms)),
        format!("generator cpu    {}{generator}", ms(report.generator_cpu_ms)),
    ]
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
        let row = row(&NamedLatency {
            of: "start sent → completed".to_owned(),
            percentiles: latency.summary(),
        });
        assert_eq!(row.chars().count(), heading().chars().count());
        assert!(row.contains(" 1500 "), "{row}");
    }

    #[test]
    fn what_a_server_does_not_report_is_said_so() {
        let lines = server(&ServerFigures::default());
        assert!(lines.iter().all(|line| line.contains("not reported")), "{lines:?}");
    }
}
