//! The figures: what is kept of a workload, and how it reads as JSON.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::pacer::Kept;
use crate::sample::ServerFigures;
use crate::verify::Verification;

/// The longest latency told apart, in microseconds: an hour. Longer ones count as this.
const LATENCY_US_MAX: u64 = 3_600_000_000;

/// Latencies in microseconds, to three significant digits.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3);
        Self(histogram.expect("the bounds are constants that the histogram accepts"))
    }
}

impl Latency {
    pub(crate) fn record(&mut self, span: Duration) {
        self.0.saturating_record(u64::try_from(span.as_micros()).unwrap_or(LATENCY_US_MAX));
    }

    pub(crate) fn summary(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile);
        Percentiles {
            samples: self.0.len(),
            mean_us: self.0.mean(),
            min_us: self.0.min(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max(),
        }
    }
}

/// A distribution in microseconds. Without samples all figures are 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) samples: u64,
    pub(crate) mean_us: f64,
    pub(crate) min_us: u64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) p999_us: u64,
    pub(crate) max_us: u64,
}

/// Everything measured in one call of the tool.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) setting: Setting,
    pub(crate) workloads: Vec<WorkloadReport>,
}

/// What holds for all workloads of a call.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) target: String,
    /// What the call is known by; the target unless it was given a name.
    pub(crate) label: String,
    /// The name of the store, as given.
    pub(crate) store: Option<String>,
    /// The answer of `GET /api/version`, or why there is none.
    pub(crate) server_version: String,
    pub(crate) generator_threads: u16,
    pub(crate) processors: usize,
    /// 4 KiB appends with `fdatasync` in the directory given; absent when none was given.
    pub(crate) device_sync: Option<Percentiles>,
}

/// What a workload measured by itself, before its runs are read back.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) figures: Map<String, Value>,
    pub(crate) latencies: Vec<NamedLatency>,
    /// Calls that failed: their number and the first texts.
    pub(crate) failures: Failures,
    /// The runs to be read back.
    pub(crate) runs: Vec<Box<str>>,
    /// What reading back found, where the workload has done it by itself.
    pub(crate) verification: Option<Verification>,
    /// Worker tasks of each run, for the cost of one; 0 where there are none.
    pub(crate) tasks_per_run: usize,
}

/// A distribution and what it is of.
#[derive(Debug, Serialize)]
pub(crate) struct NamedLatency {
    pub(crate) of: String,
    #[serde(flatten)]
    pub(crate) percentiles: Percentiles,
}

/// Calls that the server refused, or that broke.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Failures {
    pub(crate) calls: u64,
    pub(crate) by_call: Map<String, Value>,
    pub(crate) first: Vec<String>,
}

/// A workload, its verification, and what it cost on both sides.
#[derive(Debug, Default, Serialize)]
pub(crate) struct WorkloadReport {
    pub(crate) workload: &'static str,
    /// Why there are no figures: what this server or this call cannot do.
    pub(crate) skipped: Option<String>,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) figures: Map<String, Value>,
    pub(crate) latencies: Vec<NamedLatency>,
    pub(crate) failures: Failures,
    pub(crate) server: ServerFigures,
    /// Processor time of the generator itself, in milliseconds; absent where `/proc` is.
    pub(crate) generator_cpu_ms: Option<u64>,
    /// Microseconds of the server's processor time for each run.
    pub(crate) server_cpu_us_per_run: Option<u64>,
    /// The same for each worker task.
    pub(crate) server_cpu_us_per_task: Option<u64>,
    /// Microseconds of the generator's processor time for each run.
    pub(crate) generator_cpu_us_per_run: Option<u64>,
    pub(crate) verification: Verification,
}

impl WorkloadReport {
    /// What cannot be measured here, and why.
    pub(crate) fn skipped(workload: &'static str, why: String) -> Self {
        Self { workload, skipped: Some(why), ..Self::default() }
    }

    /// Whether its figures may be believed: no call failed and every run reads back as it must.
    pub(crate) fn is_sound(&self) -> bool {
        if self.skipped.is_some() {
            return true;
        }
        let Verification { mismatches, runs, .. } = self.verification;
        self.failures.calls == 0 && mismatches == 0 && runs > 0
    }
}

impl Measured {
    /// Adds a parameter, in the order in which they are printed.
    pub(crate) fn parameter(&mut self, name: &str, value: impl Into<Value>) {
        self.parameters.insert(name.to_owned(), value.into());
    }

    /// Adds a figure, in the order in which they are printed.
    pub(crate) fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// Adds to a figure that counts.
    pub(crate) fn add(&mut self, name: &str, count: u64) {
        let known = self.figures.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.figure(name, known + count);
    }

    /// How well an open loop kept its pace.
    pub(crate) fn kept(&mut self, kept: &Kept) {
        self.figure("requests due", kept.due);
        self.figure("dropped samples", kept.dropped);
        self.figure("pacer late, p99 µs", kept.lateness.summary().p99_us);
    }

    pub(crate) fn latency(&mut self, of: impl Into<String>, latency: &Latency) {
        self.latencies.push(NamedLatency { of: of.into(), percentiles: latency.summary() });
    }
}

/// Why a workload is not for this server, or not for this call.
#[derive(Debug)]
pub(crate) struct Skip(pub(crate) String);

impl std::fmt::Display for Skip {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Skip {}

/// Events per second, to one decimal.
pub(crate) fn per_second(count: u64, span: Duration) -> f64 {
    let seconds = span.as_secs_f64().max(f64::EPSILON);
    (count as f64 / seconds * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_known_distribution() {
        let mut latency = Latency::default();
        for us in 1..=1000_u64 {
            latency.record(Duration::from_micros(us));
        }
        let summary = latency.summary();
        assert_eq!(summary.samples, 1000);
        assert_eq!((summary.min_us, summary.p50_us, summary.p90_us), (1, 500, 900));
        assert_eq!((summary.p99_us, summary.p999_us, summary.max_us), (990, 999, 1000));
        assert!((summary.mean_us - 500.5).abs() < 0.1, "{}", summary.mean_us);
    }

    #[test]
    fn one_slow_sample_in_a_hundred_shows_above_p99_only() {
        let mut latency = Latency::default();
        for _ in 0..99 {
            latency.record(Duration::from_millis(1));
        }
        latency.record(Duration::from_secs(2));
        let summary = latency.summary();
        assert_eq!(summary.p50_us, summary.p99_us);
        assert!(summary.p999_us >= 1_999_000, "{summary:?}");
    }

    #[test]
    fn nothing_measured_reads_as_zeros() {
        let summary = Latency::default().summary();
        assert_eq!((summary.samples, summary.p99_us, summary.max_us), (0, 0, 0));
        assert!(summary.mean_us.abs() < f64::EPSILON);
    }

    #[test]
    fn a_latency_beyond_the_scale_counts_as_the_longest() {
        let mut latency = Latency::default();
        latency.record(Duration::from_secs(7 * 24 * 3600));
        assert!(latency.summary().max_us >= LATENCY_US_MAX);
    }

    #[test]
    fn rates_have_one_decimal() {
        assert!((per_second(1234, Duration::from_secs(10)) - 123.4).abs() < 1e-9);
    }
}
