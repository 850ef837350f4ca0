//! The command line: every flag can also be given as a `FERMATA_…` environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use fermata_runtime::retention::Rule;

use crate::payload_options::PayloadOptions;
use crate::upload_options::UploadOptions;

/// Durable workflows that wait for people, machines and messages.
#[derive(Debug, Parser)]
#[command(name = "fermata", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server on the embedded store.
    Server(ServerOptions),
    /// Look at a data directory: how fast its disk syncs, and whether every open run names what it
    /// waits for. Exit code 0: all is well; 1: something was found; 2: it could not look.
    Doctor(DoctorOptions),
    /// Answer jq queries on the standard streams; the server starts this itself.
    #[command(hide = true)]
    JqWorker,
}

/// What the doctor looks at.
#[derive(Debug, Clone, Args)]
pub struct DoctorOptions {
    /// Directory of the store. While a server uses it, only its disk is looked at.
    #[arg(long, env = "FERMATA_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
}

/// How the server runs. Since 0.1.
#[derive(Debug, Clone, Args)]
pub struct ServerOptions {
    /// Address and port to listen on.
    #[arg(long, env = "FERMATA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Directory of the store; created if it is not there.
    #[arg(long, env = "FERMATA_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,

    /// Bytes of a log segment (at least 2 KiB).
    #[arg(long, env = "FERMATA_SEGMENT_BYTES", default_value_t = 64 << 20)]
    pub segment_bytes: u64,

    /// Bytes of changes kept in memory before they are written to the checkpoint; a few times as
    /// much is in memory at most.
    #[arg(long, env = "FERMATA_DELTA_BYTES", default_value_t = 32 << 20)]
    pub delta_bytes: usize,

    /// Shards of the server, 1 to 4096. A store keeps the number it began with.
    #[arg(long, env = "FERMATA_SHARDS", default_value_t = 256,
          value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub shards: u16,

    /// Threads that serve requests; 0 means one for each core.
    #[arg(long, env = "FERMATA_THREADS", default_value_t = 0)]
    pub threads: usize,

    /// Bytes of payloads kept in memory.
    #[arg(long, env = "FERMATA_PAYLOAD_CACHE_BYTES", default_value_t = 64 << 20)]
    pub payload_cache_bytes: usize,

    /// Scripts and jq queries that may run at once.
    #[arg(long, env = "FERMATA_SCRIPT_PLACES", default_value_t = 4)]
    pub script_places: usize,

    /// Requests of HTTP tasks that may run at once, 1 to 10000.
    #[arg(long, env = "FERMATA_HTTP_PLACES", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub http_places: u16,

    /// Hosts that HTTP tasks may call; everyone when not given. Separated by commas: names,
    /// `*.name`, addresses, networks, `private` for whatever is not of the public internet.
    #[arg(long, env = "FERMATA_HTTP_ALLOW_HOSTS", value_delimiter = ',')]
    pub http_allow_hosts: Vec<String>,

    /// Hosts that HTTP tasks may not call, even when allowed; the same patterns.
    #[arg(long, env = "FERMATA_HTTP_DENY_HOSTS", value_delimiter = ',')]
    pub http_deny_hosts: Vec<String>,

    /// Bytes of memory a jq query may take; each runs in a process of its own.
    #[arg(long, env = "FERMATA_JQ_MEMORY_BYTES",
          default_value_t = fermata_evaluators::jq::MEMORY_MAX)]
    pub jq_memory_bytes: u64,

    /// Seconds to finish open requests after SIGTERM.
    #[arg(long, env = "FERMATA_DRAIN_SECONDS", default_value_t = 10)]
    pub drain_seconds: u64,

    /// How large payloads may be.
    #[command(flatten)]
    pub payloads: PayloadOptions,

    /// Payloads that clients upload.
    #[command(flatten)]
    pub uploads: UploadOptions,
    /// Microseconds added to each sync of the log. For benchmarks only: what a slower disk would
    /// do. It makes nothing safer.
    #[arg(long, env = "FERMATA_BENCH_ADDED_SYNC_US", default_value_t = 0, hide = true,
          value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    pub bench_added_sync_us: u64,

    /// Removes ended runs by rule; the first rule that applies decides, and a run to which none
    /// applies is kept for ever. Repeatable; several in one value are parted by `;`.
    /// `age=7d,status=COMPLETED|TERMINATED,definition=order*,then=archive`: only the age is needed
    /// (a number of s, m, h or d); `then` is `delete` unless given.
    #[arg(long, env = "FERMATA_RETAIN", value_delimiter = ';')]
    pub retain: Vec<Rule>,

    /// Directory for runs that a rule archives; `archive` in the data directory unless given.
    #[arg(long, env = "FERMATA_ARCHIVE_DIR")]
    pub archive_dir: Option<PathBuf>,

    /// What to log, as `level` or `target=level,…`.
    #[arg(long, env = "FERMATA_LOG", default_value = "info")]
    pub log: String,
}
