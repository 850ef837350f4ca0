//! Minting of run ids (design 3): (ms, salt) is monotone per shard key; the salt starts random in
//! a new millisecond and counts up.

use std::collections::BTreeMap;

use fermata_types::id::SALT_MAX;
use fermata_types::{RunId, ShardKey, Timestamp};

/// The port for randomness.
pub trait Salt: Send + Sync {
    /// A random number.
    fn draw(&self) -> u32;
}

/// The operating system's randomness: the only place that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSalt;

impl Salt for SystemSalt {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads randomness")]
    fn draw(&self) -> u32 {
        // Without randomness the salt still counts up, and the Start batch asserts absence.
        getrandom::u32().unwrap_or(0)
    }
}

/// A fresh id for a message: a `UUIDv7`, of which nothing is read back.
#[must_use]
pub fn message_id(now: Timestamp, salt: &dyn Salt) -> String {
    let ms = now.as_ms_unsigned() & 0xffff_ffff_ffff;
    let (first, second, third) = (salt.draw(), salt.draw(), salt.draw());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:04x}{:08x}",
        ms >> 16,
        ms & 0xffff,
        first & 0xfff,
        0x8000 | (second & 0x3fff),
        second >> 16,
        third
    )
}

/// The shard key of a start with an idempotency key: all such starts meet in one shard.
#[must_use]
pub fn key_of(name: &str, key: &str) -> ShardKey {
    let mut hashed = Vec::with_capacity(name.len() + key.len() + 1);
    hashed.extend_from_slice(name.as_bytes());
    hashed.push(0);
    hashed.extend_from_slice(key.as_bytes());
    let hash = fermata_decider::definition::DefinitionHash::of(&hashed).0;
    let [first, second, ..] = hash;
    ShardKey::wrapping(u16::from_be_bytes([first, second]))
}

/// Salts from here on are for ids that a shard mints with the key of another one: they never meet
/// those the other one mints.
const ELSEWHERE: u32 = (SALT_MAX >> 1) + 1;

/// Mints ids for the keys of one shard.
#[derive(Debug, Default)]
pub struct Mint {
    last: BTreeMap<ShardKey, (Timestamp, u32)>,
    is_elsewhere: bool,
}

impl Mint {
    /// Mints ids for runs that belong to any shard. Two shards may draw the same one for a third:
    /// once in half a billion pairs of the same key and millisecond, and its start is refused.
    #[must_use]
    pub fn elsewhere() -> Self {
        Self { is_elsewhere: true, ..Self::default() }
    }

    /// A fresh id with a drawn key.
    pub fn mint_anywhere(&mut self, now: Timestamp, salt: &dyn Salt) -> RunId {
        let [low, high, ..] = salt.draw().to_le_bytes();
        let id = self.mint(now, ShardKey::wrapping(u16::from_le_bytes([low, high])), salt);
        // Only the latest moment counts: older keys cannot meet what is minted from now on.
        self.last.retain(|_, (at, _)| *at >= now);
        id
    }

    /// A fresh id with that key: later than any minted before for the key, also when the clock
    /// went back. After a restart the clock is taken to have moved on; the batch that uses the id
    /// asserts its absence.
    pub fn mint(&mut self, now: Timestamp, key: ShardKey, salt: &dyn Salt) -> RunId {
        let (last_ms, last_salt) =
            self.last.get(&key).copied().unwrap_or((Timestamp::ZERO, SALT_MAX));
        // Half of the room is left to count up into.
        let fresh = salt.draw() & (ELSEWHERE >> 1).saturating_sub(1);
        let (fresh, most) =
            if self.is_elsewhere { (fresh | ELSEWHERE, SALT_MAX) } else { (fresh, ELSEWHERE - 1) };
        let (at, drawn) = if now > last_ms {
            (now, fresh)
        } else if last_salt < most {
            (last_ms, last_salt + 1)
        } else {
            (Timestamp::from_ms(last_ms.as_ms() + 1), fresh)
        };
        self.last.insert(key, (at, drawn));
        RunId::compose(at, key, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Always(u32);
    impl Salt for Always {
        fn draw(&self) -> u32 {
            self.0
        }
    }

    #[test]
    fn ids_minted_elsewhere_never_meet_a_shards_own() {
        let (mut own, mut elsewhere) = (Mint::default(), Mint::elsewhere());
        for draw in [0, 1, 77, u32::MAX] {
            for now in [5, 5, 6] {
                let now = Timestamp::from_ms(now);
                let far = elsewhere.mint_anywhere(now, &Always(draw));
                let near = own.mint(now, far.key(), &Always(draw));
                let salt =
                    |id: RunId| u128::from_be_bytes(id.to_bytes()) >> 32 & u128::from(SALT_MAX);
                assert!(salt(near) < u128::from(ELSEWHERE) && salt(far) >= u128::from(ELSEWHERE));
            }
        }
    }

    #[test]
    fn ids_of_a_key_only_go_up_whatever_the_clock_does() {
        let mut mint = Mint::default();
        let key = ShardKey::wrapping(7);
        let mut last = None;
        for now in [5, 5, 9, 3, 3, 10] {
            let id = mint.mint(Timestamp::from_ms(now), key, &Always(u32::MAX));
            assert!(last < Some(id), "{last:?} {id}");
            last = Some(id);
        }
    }
}
