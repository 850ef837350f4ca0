//! Arguments of the workloads that are large, long or need a server of their own.

use std::path::PathBuf;

use clap::{Args, value_parser};

/// A server that the tool starts itself, and the sizes of what only such a server is asked.
#[derive(Debug, Clone, Args)]
pub struct ScaleArguments {
    /// Program of a server to start, end and kill; it is given no other URL then.
    #[arg(long, requires = "data_dir", conflicts_with_all = ["url", "pid"])]
    pub serve: Option<PathBuf>,
    /// Argument of that program; `{port}` and `{data}` stand for its port and data directory.
    #[arg(long, allow_hyphen_values = true)]
    pub serve_arg: Vec<String>,
    /// Further argument of that program in `soak`, where its retention is switched on.
    #[arg(long, allow_hyphen_values = true)]
    pub soak_serve_arg: Vec<String>,
    /// Runs that `parked` and `unpolled` leave open.
    #[arg(long, default_value_t = 1_000_000,
          value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub parked_runs: u32,
    /// How many of them go on in the end and are read back.
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u32).range(1..))]
    pub parked_sample: u32,
    /// Worker tasks of the one run of `large`.
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u32).range(10..=1_000_000))]
    pub large_tasks: u32,
    /// Other runs that make the large one cold where the server cannot be restarted.
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub cold_runs: u32,
    /// MiB that the data directory has grown by when `recovery` kills the server.
    #[arg(long, default_value_t = 256, value_parser = value_parser!(u64).range(1..=100_000))]
    pub recovery_mib: u64,
    /// Seconds after which `recovery` kills it even if the data directory has not grown so far.
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u64).range(1..=3600))]
    pub recovery_seconds: u64,
    /// Minutes of `soak`; a fraction is allowed.
    #[arg(long, default_value_t = 30.0)]
    pub soak_minutes: f64,
    /// Load of `soak` as a share of the peak that it measures first.
    #[arg(long, default_value_t = 0.7)]
    pub load: f64,
    /// Seconds between two samples of `soak`.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=600))]
    pub soak_sample_seconds: u64,
    /// A Python that has the official SDK, for `handoff-sdk`.
    #[arg(long, requires = "sdk_script")]
    pub python: Option<PathBuf>,
    /// The script of its workers.
    #[arg(long)]
    pub sdk_script: Option<PathBuf>,
}
