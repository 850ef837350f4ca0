//! What others may see of the hub.

use std::collections::BTreeSet;

use fermata_storage::QueueKey;

use crate::queues::hub::Hub;
use crate::queues::place::key;

/// Rows of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// All of them, those in the hands of polls included.
    pub rows: usize,
    /// Those in memory.
    pub in_memory: usize,
}

impl Hub {
    /// Rows in a queue, delayed ones and those in hand included.
    #[must_use]
    pub fn size(&self, queue: &str) -> usize {
        self.queues.get(queue).map_or(0, |queue| queue.rows)
    }

    /// Name and size of each queue that has rows, by name.
    #[must_use]
    pub fn sizes(&self) -> Vec<(String, usize)> {
        self.depths().into_iter().map(|(name, depth)| (name, depth.rows)).collect()
    }

    /// Name and depth of each queue that has rows, by name.
    #[must_use]
    pub fn depths(&self) -> Vec<(String, Depth)> {
        self.queues
            .iter()
            .map(|(name, queue)| {
                (name.to_string(), Depth { rows: queue.rows, in_memory: queue.held() })
            })
            .filter(|(_, depth)| depth.rows > 0)
            .collect()
    }

    /// Every row in memory; for audits and invariants.
    #[must_use]
    pub fn rows(&self) -> BTreeSet<QueueKey> {
        self.queues
            .iter()
            .flat_map(|(name, queue)| queue.in_memory().map(move |place| key(name, place)))
            .collect()
    }

    /// Whether a durable row is in memory, or will be read before it is due to be handed out; for
    /// audits and invariants.
    #[must_use]
    pub fn knows(&self, row: &QueueKey) -> bool {
        let queue = self.queues.get(row.queue.as_str());
        queue.is_some_and(|queue| queue.knows((row.ready, row.shard)))
    }
}
