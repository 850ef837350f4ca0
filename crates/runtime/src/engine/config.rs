//! What an engine is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_storage::{CommitError, ReadError, Store};
use fermata_types::PayloadLimits;

use crate::clock::Clock;
use crate::evaluator::Evaluator;
use crate::ids::Salt;
use crate::queues::Bounds;

/// The parts an engine is wired from.
pub struct Parts {
    /// Where rows are kept.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness of ids.
    pub salt: Arc<dyn Salt>,
    /// Scripts.
    pub evaluator: Arc<dyn Evaluator>,
    /// Called when the outcome of a commit is unknown: the process has to stop and recover.
    pub poisoned: Box<dyn Fn(&CommitError) + Send>,
}

/// Sizes of an engine.
#[derive(Debug, Clone)]
pub struct Config {
    /// Shards of a new store.
    pub shards: u16,
    /// Bytes of payloads kept in memory.
    pub payload_cache_bytes: usize,
    /// Scripts that run at once.
    pub script_places: usize,
    /// Runs each shard keeps in memory.
    pub cached_runs: usize,
    /// How much of each queue is in memory.
    pub queues: Bounds,
    /// Deadlines each shard keeps in memory.
    pub deadlines: usize,
    /// How large payloads may be.
    pub payload_limits: PayloadLimits,
    /// Events after which a run is written down again, unless it is large.
    pub snapshot_events: u64,
    /// Names allowed as `${workflow.env.NAME}`, with their values.
    pub environment: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shards: fermata_types::id::SHARDS_AT_FIRST,
            payload_cache_bytes: crate::payloads::CACHE_BYTES,
            script_places: 4,
            cached_runs: crate::shard::machine::CACHED_RUNS,
            queues: Bounds::default(),
            deadlines: crate::shard::wheel::DEADLINES_IN_MEMORY,
            payload_limits: PayloadLimits::default(),
            snapshot_events: crate::shard::snapshot::SNAPSHOT_EVENTS,
            environment: BTreeMap::new(),
        }
    }
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Rows cannot be read.
    #[error("cannot read {what} at start")]
    Read {
        /// Which rows.
        what: &'static str,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// The shards cannot be taken.
    #[error("cannot take the shards")]
    Own(#[source] CommitError),
    /// The committing thread cannot be started.
    #[error("cannot start the committing thread")]
    Thread(#[source] std::io::Error),
}
