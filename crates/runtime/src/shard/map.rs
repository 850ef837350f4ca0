//! Which shard serves a key: a table, so that shards can be moved and split (design 3).

use fermata_types::id::{SHARD_KEYS, SHARDS_AT_FIRST};
use fermata_types::{RunId, ShardId, ShardKey};

/// The table of keys. The first layout deals the keys out in turn.
#[derive(Debug, Clone)]
pub struct ShardMap {
    shards: Vec<ShardId>,
    count: u16,
}

impl ShardMap {
    /// The layout of a new store with that many shards, at least one.
    #[must_use]
    pub fn dealt(count: u16) -> Self {
        let count = count.clamp(1, SHARD_KEYS);
        let shards = (0..SHARD_KEYS).map(|key| ShardId(key % count)).collect();
        Self { shards, count }
    }

    /// The shard of a key.
    #[must_use]
    pub fn shard(&self, key: ShardKey) -> ShardId {
        self.shards.get(usize::from(key.get())).copied().unwrap_or_default()
    }

    /// The shard of a run.
    #[must_use]
    pub fn of(&self, run: RunId) -> ShardId {
        self.shard(run.key())
    }

    /// How many shards there are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }
}

impl Default for ShardMap {
    fn default() -> Self {
        Self::dealt(SHARDS_AT_FIRST)
    }
}
