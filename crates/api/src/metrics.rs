//! `GET /metrics`: Prometheus text.

use std::fmt::Write;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};

use crate::answer::{self, Answer};
use crate::state::App;

/// Queues whose depth is told, the deepest ones: names are chosen by clients.
const QUEUES_MAX: usize = 1000;

/// The metrics of the process.
pub(crate) async fn metrics(State(app): State<App>) -> Answer {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let mut text = Text::default();
    for (name, help, value) in app.engine.metrics().read() {
        text.metric(name, help, "counter", &value.to_string());
    }
    let stats = app.engine.sync_stats();
    text.metric(
        "fermata_store_syncs_total",
        "Syncs that made a commit durable.",
        "counter",
        &stats.syncs.to_string(),
    );
    text.metric(
        "fermata_store_sync_seconds_total",
        "Time spent in those syncs.",
        "counter",
        &stats.time.as_secs_f64().to_string(),
    );
    text.head("fermata_store_info", "What an acknowledged request has outlived.", "gauge");
    text.sample("fermata_store_info", "durability", app.options.durability.as_str(), 1);
    if let Some(bytes) = resident_bytes() {
        text.metric(
            "process_resident_memory_bytes",
            "Resident memory.",
            "gauge",
            &bytes.to_string(),
        );
    }
    let mut queues = app.engine.queue_depths();
    queues.sort_by(|(name, depth), (other, than)| than.rows.cmp(&depth.rows).then(name.cmp(other)));
    queues.truncate(QUEUES_MAX);
    text.head("fermata_queue_depth", "Tasks that wait, by queue; the deepest queues.", "gauge");
    for (name, depth) in &queues {
        text.sample("fermata_queue_depth", "queue", name, depth.rows);
    }
    text.head("fermata_queue_in_memory", "Those of them that are in memory.", "gauge");
    for (name, depth) in &queues {
        text.sample("fermata_queue_in_memory", "queue", name, depth.in_memory);
    }
    let permits = app.engine.permits();
    let help = "Tasks in workers' hands, by task type with a limit.";
    text.head("fermata_permits_held", help, "gauge");
    for count in permits.iter().take(QUEUES_MAX) {
        text.sample("fermata_permits_held", "type", &count.task_type, count.held);
    }
    text.head("fermata_permits_limit", "How many there may be.", "gauge");
    for count in permits.iter().take(QUEUES_MAX) {
        if let Some(limit) = count.limits.concurrent {
            text.sample("fermata_permits_limit", "type", &count.task_type, limit);
        }
    }
    Ok(answer::body(StatusCode::OK, kind, text.0))
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn metric(&mut self, name: &str, help: &str, kind: &str, value: &str) {
        self.head(name, help, kind);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn sample(&mut self, name: &str, label: &str, value: &str, number: usize) {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = writeln!(self.0, "{name}{{{label}=\"{value}\"}} {number}");
    }
}

/// Resident memory of this process as Linux tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
