//! The command line.

mod scale;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum, value_parser};

pub use scale::ScaleArguments;

/// What to measure, and how hard. Every figure that shapes a workload is printed with its result.
#[derive(Debug, Clone, Parser)]
#[command(name = "fermata-bench", version, about = "Drives any server with the Conductor API")]
pub struct Arguments {
    /// Base URL of the server, with or without a trailing `/api`; plain HTTP only.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Workloads to run, in this order; when absent, those that take a minute at most.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub workload: Vec<WorkloadName>,
    /// Run every workload but `soak`.
    #[arg(long, conflicts_with = "workload")]
    pub all: bool,
    /// What this call is to be known by in its report, for example the server's name.
    #[arg(long)]
    pub label: Option<String>,
    /// The name of the server's store, where it does not tell.
    #[arg(long)]
    pub store: Option<String>,
    /// Measured seconds of each workload (`sync` halves them between its two loops).
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=60))]
    pub seconds: u64,
    /// Seconds of load before measuring starts.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u64).range(0..=10))]
    pub warmup_seconds: u64,
    /// Threads of the generator; it shares the machine with the server.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..=64))]
    pub threads: u16,
    /// Connections that start runs in the closed loops.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=4096))]
    pub starters: u16,
    /// Runs that may be open at once in the closed loops.
    #[arg(long, default_value_t = 512, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub open_runs: u32,
    /// Connections that batch poll; none with update-v2, where each updater polls for itself.
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u16).range(1..=4096))]
    pub pollers: u16,
    /// Connections that complete tasks.
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u16).range(1..=4096))]
    pub updaters: u16,
    /// Tasks asked for by one batch poll.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=1000))]
    pub batch: u16,
    /// Milliseconds a poll may wait; Conductor refuses more than 5,000.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u16).range(0..=5000))]
    pub poll_timeout_ms: u16,
    /// The call that completes a task.
    #[arg(long, value_enum, default_value_t = UpdateRoute::Tasks)]
    pub update: UpdateRoute,
    /// Synchronous executes a second in the open loop.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub sync_rate: u32,
    /// Connections of the closed loop of synchronous executes.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=4096))]
    pub sync_connections: u16,
    /// Starts a second of `handoff`.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=100_000))]
    pub handoff_rate: u32,
    /// Long polling workers of `handoff` and `message`.
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u16).range(1..=4096))]
    pub idle_workers: u16,
    /// Messages a second of `message`; as many runs are parked before as messages will be sent.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=20_000))]
    pub message_rate: u32,
    /// Connections that send in the open loops.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=4096))]
    pub open_loop_connections: u16,
    /// Connections that read runs back.
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u16).range(1..=4096))]
    pub verify_connections: u16,
    /// Seconds that runs may still need to close after the load has ended.
    #[arg(long, default_value_t = 15, value_parser = value_parser!(u64).range(0..=600))]
    pub settle_seconds: u64,
    /// Process id of the server on this machine, for its memory and processor time.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Directory on the server's device, to measure its sync time; a file is made and removed.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// File that gets all figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// The server that is started, and the large workloads.
    #[command(flatten)]
    pub scale: ScaleArguments,
}

/// A workload by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkloadName {
    /// Runs with one worker task each, closed loop.
    OneTask,
    /// Synchronous execute of five steps without workers, open loop and then closed loop.
    Sync,
    /// Runs with twenty worker tasks in sequence, closed loop.
    TwentyTask,
    /// Runs of thirteen steps of all kinds with a sub-workflow, closed loop.
    Mixed,
    /// Runs with one worker task each at a fixed rate, with idle workers waiting.
    Handoff,
    /// The same with workers of the official Python SDK.
    HandoffSdk,
    /// Runs that wait for a message, messages at a fixed rate.
    Message,
    /// `handoff` again beside runs that do their worst in the same shard.
    Isolation,
    /// One run with a hundred thousand worker tasks, and a completion while it is cold.
    Large,
    /// A million runs that wait for somebody; memory, restart, and then some go on.
    Parked,
    /// A million runs with a task that nobody polls; then workers appear.
    Unpolled,
    /// A kill with a full log, and the time until everybody is served again.
    Recovery,
    /// A share of the peak for a long time; memory and data directory must stay flat.
    Soak,
}

impl WorkloadName {
    /// Whether it is run when nothing is named.
    const fn is_quick(self) -> bool {
        !matches!(self, Self::Large | Self::Parked | Self::Unpolled | Self::Recovery | Self::Soak)
    }
}

/// The call with which workers complete a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpdateRoute {
    /// `POST /api/tasks`.
    Tasks,
    /// `POST /api/tasks/update-v2`, whose answer brings the next task.
    UpdateV2,
}

impl Arguments {
    /// The workloads asked for; the quick ones when none is named.
    #[must_use]
    pub fn workloads(&self) -> Vec<WorkloadName> {
        if !self.workload.is_empty() {
            return self.workload.clone();
        }
        let every = WorkloadName::value_variants().iter().copied();
        let is_wanted = |name: &WorkloadName| match self.all {
            true => *name != WorkloadName::Soak,
            false => name.is_quick(),
        };
        every.filter(is_wanted).collect()
    }

    /// The measured part of a workload.
    #[must_use]
    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The unmeasured part before it.
    #[must_use]
    pub fn warmup(&self) -> Duration {
        Duration::from_secs(self.warmup_seconds)
    }

    /// How long runs may stay open after the load has ended.
    #[must_use]
    pub fn settle(&self) -> Duration {
        Duration::from_secs(self.settle_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["fermata-bench"], words].concat())
    }

    #[test]
    fn the_quick_workloads_run_when_none_is_named() {
        let arguments = parse(&[]).expect("no argument is needed");
        assert_eq!(arguments.workloads().len(), 8);
        assert_eq!(arguments.update, UpdateRoute::Tasks);
        let all = parse(&["--all"]).expect("it is an argument").workloads();
        assert!(all.contains(&WorkloadName::Parked) && !all.contains(&WorkloadName::Soak));
    }

    #[test]
    fn a_server_to_start_needs_a_place_for_its_data_and_no_url() {
        let serve = ["--serve", "program", "--serve-arg", "--listen", "--serve-arg", "x:{port}"];
        assert!(parse(&serve).is_err());
        let arguments = parse(&[&serve[..], &["--data-dir", "d"]].concat()).expect("it has one");
        assert_eq!(arguments.scale.serve_arg, ["--listen", "x:{port}"]);
        assert!(parse(&[&serve[..], &["--data-dir", "d", "--url", "http://h"]].concat()).is_err());
    }

    #[test]
    fn workloads_keep_the_order_they_are_named_in() {
        let arguments = parse(&["--workload", "message,one-task", "--update", "update-v2"])
            .expect("these are names of workloads");
        assert_eq!(arguments.workloads(), [WorkloadName::Message, WorkloadName::OneTask]);
        assert_eq!(arguments.update, UpdateRoute::UpdateV2);
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            ["--workload", "nothing"],
            ["--seconds", "0"],
            ["--seconds", "61"],
            ["--poll-timeout-ms", "5001"],
            ["--updaters", "0"],
        ] {
            assert!(parse(&words).is_err(), "{words:?} was accepted");
        }
    }
}
