//! The sizes of a world, drawn from its seed: small, so that a few steps reach every edge.

use crate::mutants::Bug;
use crate::random::Random;

/// How a world is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    pub(crate) shards: u16,
    /// Runs each shard keeps in memory.
    pub(crate) cached_runs: usize,
    /// Events after which a run is written down again.
    pub(crate) snapshot_events: u64,
    pub(crate) payload_cache_bytes: usize,
    /// Ready rows of each queue in memory.
    pub(crate) ready_rows: usize,
    /// Delayed rows of each queue in memory.
    pub(crate) delayed_rows: usize,
    /// Deadlines of each shard in memory.
    pub(crate) deadlines: usize,
    pub(crate) segment_bytes: u64,
    /// Memory of the store's deltas.
    pub(crate) delta_bytes: usize,
    /// Percent of commits after which the checkpointer goes on, a delta at a time.
    pub(crate) checkpoints: usize,
    /// Percent of requests and answers that the network loses.
    pub(crate) loss: usize,
    /// Percent of loads that are carried out at once.
    pub(crate) prompt_loads: usize,
    /// Percent of batches that are closed after each request.
    pub(crate) prompt_batches: usize,
    /// Of a thousand steps, how many crash the server.
    pub(crate) crashes: usize,
    /// Whether commits are refused now and then.
    pub(crate) refusals: bool,
    /// How often time goes on although something could happen now.
    pub(crate) sleepiness: usize,
    /// Starts in this world.
    pub(crate) starts: usize,
    /// The deliberate bug of this world.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    pub(crate) fn draw(random: &mut Random, bug: Option<Bug>) -> Self {
        let from = |random: &mut Random, items: &[usize]| *random.pick(items).unwrap_or(&1);
        Self {
            shards: u16::try_from(1 + random.below(4)).unwrap_or(1),
            cached_runs: from(random, &[1, 2, 4, 64]),
            snapshot_events: from(random, &[1, 3, 12, 1000]) as u64,
            payload_cache_bytes: from(random, &[0, 4 << 10, 64 << 10]),
            ready_rows: from(random, &[1, 2, 3, 16]),
            delayed_rows: from(random, &[1, 2, 3, 16]),
            deadlines: from(random, &[1, 2, 3, 64]),
            segment_bytes: from(random, &[8 << 10, 32 << 10, 128 << 10]) as u64,
            delta_bytes: from(random, &[1 << 10, 6 << 10, 64 << 10]),
            checkpoints: from(random, &[100, 50, 10]),
            loss: from(random, &[0, 3, 10]),
            prompt_loads: from(random, &[100, 60, 20]),
            prompt_batches: from(random, &[100, 50, 20]),
            crashes: from(random, &[0, 4, 8, 15]),
            refusals: random.chance(25),
            sleepiness: from(random, &[2, 6, 20]),
            starts: 6 + random.below(14),
            bug,
        }
    }
}
