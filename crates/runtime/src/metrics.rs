//! Counters of the process, read by `GET /metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $help:literal;)*) => {
        /// Counters that only go up; zero at start.
        #[derive(Debug, Default)]
        pub struct Metrics { $($(#[$doc])* pub $name: AtomicU64,)* }

        impl Metrics {
            /// Name, help text and value of each counter, in the order of declaration.
            #[must_use]
            pub fn read(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$(($text, $help, self.$name.load(Ordering::Relaxed)),)*]
            }
        }
    };
}

counters! {
    /// Runs started, children included.
    runs_started = "fermata_runs_started_total", "Runs started, children included.";
    /// Runs ended.
    runs_closed = "fermata_runs_closed_total", "Runs ended, in any terminal status.";
    /// Tasks handed to workers.
    tasks_leased = "fermata_tasks_leased_total", "Tasks handed to workers.";
    /// Events written.
    events = "fermata_events_total", "Events written to histories.";
    /// Messages accepted.
    messages = "fermata_messages_accepted_total", "Messages accepted into lanes.";
    /// Scripts run in the pool.
    evaluations = "fermata_evaluations_total", "Scripts run in the pool.";
    /// Attempts of the inside worker that completed.
    inside_completed = "fermata_inside_attempts_completed_total",
        "Attempts at the server's own tasks (HTTP) that ended as wanted.";
    /// Attempts that the other side refused.
    inside_refused = "fermata_inside_attempts_refused_total",
        "Attempts at the server's own tasks that were answered with an error.";
    /// Attempts without an answer.
    inside_unanswered = "fermata_inside_attempts_unanswered_total",
        "Attempts at the server's own tasks that had no answer: no connection, a timeout.";
    /// Attempts that were not begun.
    inside_invalid = "fermata_inside_attempts_invalid_total",
        "Attempts at the server's own tasks that were not begun: a wrong input, a host denied.";
    /// Group commits.
    commits = "fermata_commits_total", "Group commits.";
    /// Batches in them.
    batches = "fermata_commit_batches_total", "Batches made durable by group commits.";
    /// Runs removed by retention.
    runs_retired = "fermata_runs_retired_total", "Ended runs removed by retention.";
    /// Runs loaded from the store.
    loads = "fermata_run_loads_total", "Runs loaded from the store.";
    /// Snapshots of runs staged.
    snapshots = "fermata_snapshots_total", "Snapshots of runs written.";
}

/// Counts one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Counts several.
pub fn add(counter: &AtomicU64, many: usize) {
    counter.fetch_add(many as u64, Ordering::Relaxed);
}
