//! Random groups of batches from a seed, the same for ever: golden files were made from them.

use fermata_types::{ShardEpoch, ShardId};

use super::sample_row;
use crate::batch::{Batch, Write};
use crate::rows::{Family, Row, RowKey, ShardRow, ShardRowKey};

/// A small generator of numbers that are random enough for tests; the same seed gives the same
/// numbers. Not for secrets.
#[derive(Debug, Clone)]
pub struct XorShift(u64);

impl XorShift {
    /// From any seed, 0 included.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // Spreads small seeds over all bits; the state must not be 0.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03 | 1)
    }

    /// The next number.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`; 0 if that is 0.
    pub const fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { ((self.next_u64() >> 16) % limit as u64) as usize }
    }
}

/// Groups over few keys, so that puts, deletes and assertions meet each other; some are refused.
#[derive(Debug, Clone)]
pub struct Groups {
    random: XorShift,
    epochs: [u64; Groups::SHARDS],
}

impl Groups {
    const SHARDS: usize = 4;
    const PLACES: usize = 12;
    /// The families before that of shards.
    const FAMILIES: usize = 13;

    /// The groups of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { random: XorShift::new(seed), epochs: [0; Self::SHARDS] }
    }

    /// The next group: one to four batches of up to eight writes.
    pub fn next_group(&mut self) -> Vec<Batch> {
        (0..=self.random.below(4)).map(|_| self.batch()).collect()
    }

    /// The key a write concerns.
    #[must_use]
    pub fn key_of(write: &Write) -> RowKey {
        match write {
            Write::Put(row) => row.key(),
            Write::Delete(key) | Write::AssertAbsent(key) => key.clone(),
        }
    }

    fn batch(&mut self) -> Batch {
        let shard = self.random.below(Self::SHARDS);
        let key = ShardRowKey { shard: ShardId(u16::try_from(shard).unwrap_or_default()) };
        let takes_over = self.random.below(12) == 0;
        let known = self.epochs.get_mut(shard).expect("a shard below the number of shards");
        *known += u64::from(takes_over);
        // Now and then the owner of yesterday.
        let stale = u64::from(self.random.below(40) == 0);
        let epoch = ShardEpoch(known.saturating_sub(stale));
        let mut writes: Vec<Write> = (0..self.random.below(9)).map(|_| self.write()).collect();
        if takes_over {
            writes.insert(0, Write::Put(Row::Shard(ShardRow { key, epoch })));
        }
        Batch { shard: key.shard, epoch, writes }
    }

    fn write(&mut self) -> Write {
        // Shard rows are written by takeovers only; families added after them are left out, since
        // golden files were made from what this draws.
        let family = Family::ALL.get(self.random.below(Self::FAMILIES));
        let family = *family.expect("an index below the number of families");
        let place = self.random.below(Self::PLACES) as u64;
        let row = sample_row(family, place, self.random.next_u64() % 1000);
        match self.random.below(20) {
            0..=12 => Write::Put(row),
            13..=18 => Write::Delete(row.key()),
            _ => Write::AssertAbsent(row.key()),
        }
    }
}
