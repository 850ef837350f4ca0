//! What the server says of itself, and what the system says of its process.

use std::time::Duration;

use serde::Serialize;

use crate::client::Client;
use hyper::Uri;

/// Clock ticks per second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux in use.
const TICKS_PER_SECOND: u64 = 100;

/// Syncs written so far, by the server's own count.
const SYNCS: &str = "fermata_store_syncs_total";
/// Seconds spent in them.
const SYNC_SECONDS: &str = "fermata_store_sync_seconds_total";
/// Resident memory as the server reports it.
const RESIDENT: &str = "process_resident_memory_bytes";

/// One look at the server. What it does not report is absent, never zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) metrics: Metrics,
    pub(crate) process: Option<Process>,
}

/// The metrics read from `GET /metrics`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metrics {
    syncs: Option<f64>,
    sync_seconds: Option<f64>,
    resident_bytes: Option<f64>,
    durability: Option<String>,
}

/// A process in `/proc`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Process {
    pid: u32,
    resident_kib: u64,
    /// The most it has ever been.
    peak_kib: u64,
    cpu_ms: u64,
}

/// What a workload cost the server: differences of two samples.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct ServerFigures {
    /// The value of a `durability` label on any metric.
    pub(crate) durability: Option<String>,
    pub(crate) syncs: Option<u64>,
    pub(crate) mean_sync_us: Option<f64>,
    /// As the server reports it after the workload.
    pub(crate) reported_resident_bytes: Option<u64>,
    /// `VmRSS` of the process given, after the workload.
    pub(crate) resident_bytes: Option<u64>,
    /// Processor time of the process given, user and system.
    pub(crate) cpu_ms: Option<u64>,
}

impl Sample {
    /// Takes a look; a server without metrics, or no process id, leaves that part absent.
    pub(crate) async fn take(client: &mut Client, metrics: &Uri, pid: Option<u32>) -> Self {
        let text = match client.get(metrics, Duration::ZERO).await {
            Ok(answer) if answer.status.is_success() => {
                String::from_utf8_lossy(&answer.body).into_owned()
            }
            _ => String::new(),
        };
        let process = pid.and_then(Process::of);
        Self { metrics: Metrics::parse(&text), process }
    }

    /// What happened from `earlier` to this sample.
    pub(crate) fn since(&self, earlier: &Self) -> ServerFigures {
        // A server that was started again has begun to count anew.
        let pids = (self.process.map(|now| now.pid), earlier.process.map(|then| then.pid));
        let is_same = pids.0 == pids.1;
        let grown = |now: Option<f64>, then: Option<f64>| {
            if is_same { Some((now? - then?).max(0.0)) } else { None }
        };
        let syncs = grown(self.metrics.syncs, earlier.metrics.syncs);
        let seconds = grown(self.metrics.sync_seconds, earlier.metrics.sync_seconds);
        let mean_sync_us = match (syncs, seconds) {
            (Some(syncs), Some(seconds)) if syncs > 0.0 => Some(seconds * 1e6 / syncs),
            _ => None,
        };
        ServerFigures {
            durability: self.metrics.durability.clone(),
            syncs: syncs.map(|count| count as u64),
            mean_sync_us,
            reported_resident_bytes: self.metrics.resident_bytes.map(|bytes| bytes as u64),
            resident_bytes: self.process.map(|process| process.resident_kib * 1024),
            cpu_ms: match (self.process, earlier.process) {
                (Some(now), Some(then)) if is_same => Some(now.cpu_ms.saturating_sub(then.cpu_ms)),
                _ => None,
            },
        }
    }
}

impl Metrics {
    /// Reads the text exposition format; series of one name with different labels are added up.
    fn parse(text: &str) -> Self {
        let mut metrics = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let Ok(value) = value.parse::<f64>() else { continue };
            let slot = match series.split('{').next().unwrap_or_default().trim_end() {
                SYNCS => &mut metrics.syncs,
                SYNC_SECONDS => &mut metrics.sync_seconds,
                RESIDENT => &mut metrics.resident_bytes,
                _ => {
                    metrics.durability = metrics.durability.or_else(|| durability(series));
                    continue;
                }
            };
            *slot = Some(slot.unwrap_or(0.0) + value);
            metrics.durability = metrics.durability.or_else(|| durability(series));
        }
        metrics
    }
}

/// The value of the label `durability`, if the series has one.
fn durability(series: &str) -> Option<String> {
    let (_, after) = series.split_once("durability=\"")?;
    after.split('"').next().map(str::to_owned)
}

impl Process {
    /// The generator's own process.
    pub(crate) fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Any process of this machine; none when it has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self {
            pid,
            resident_kib: kib(&status, "VmRSS:")?,
            peak_kib: kib(&status, "VmHWM:")?,
            cpu_ms: cpu_ms(&stat)?,
        })
    }

    /// Resident memory now, in MiB.
    pub(crate) const fn resident_mib(self) -> u64 {
        self.resident_kib >> 10
    }

    /// The most memory it ever had, in MiB.
    pub(crate) const fn peak_mib(self) -> u64 {
        self.peak_kib >> 10
    }

    /// Milliseconds of processor time spent since `earlier`.
    pub(crate) fn cpu_ms_since(self, earlier: Self) -> u64 {
        self.cpu_ms.saturating_sub(earlier.cpu_ms)
    }
}

/// A size of `/proc/<pid>/status`.
fn kib(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time of `/proc/<pid>/stat`: fields 14 and 15. Counting starts after the
/// closing parenthesis, because the command name before it may hold anything.
fn cpu_ms(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 1000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_with_and_without_labels() {
        let text = "# HELP fermata_store_syncs_total syncs\n\
                    # TYPE fermata_store_syncs_total counter\n\
                    fermata_store_syncs_total{kind=\"log\"} 10\n\
                    fermata_store_syncs_total{kind=\"checkpoint\"} 2\n\
                    fermata_store_sync_seconds_total 0.024\n\
                    fermata_store_info{durability=\"sync\"} 1\n\
                    process_resident_memory_bytes 1.5e7\n";
        let metrics = Metrics::parse(text);
        assert_eq!(metrics.syncs, Some(12.0));
        assert_eq!(metrics.durability.as_deref(), Some("sync"));
        let sample = Sample { metrics, process: None };
        let zero = Metrics { syncs: Some(0.0), sync_seconds: Some(0.0), ..Metrics::default() };
        let figures = sample.since(&Sample { metrics: zero, process: None });
        assert_eq!((figures.syncs, figures.reported_resident_bytes), (Some(12), Some(15_000_000)));
        assert!(figures.mean_sync_us.is_some_and(|mean| (mean - 2000.0).abs() < 1e-6));
    }

    #[test]
    fn what_is_not_reported_stays_absent() {
        let figures = Sample::default().since(&Sample::default());
        assert_eq!(figures, ServerFigures::default());
        assert_eq!(Metrics::parse("<html>not found</html>"), Metrics::default());
    }

    #[test]
    fn process_files_are_read_behind_a_hostile_name() {
        assert_eq!(kib("Name:\tx\nVmRSS:\t   1234 kB\n", "VmRSS:"), Some(1234));
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 9";
        assert_eq!(cpu_ms(stat), Some(3000));
        assert_eq!(cpu_ms("nonsense"), None);
    }
}
