//! Run and task ids, and the shard that each of them names.
//!
//! A `UUIDv7` shape: bits 127–80 Unix ms · 79–76 `0111` · 75–64 shard key · 63–62 `10` ·
//! 61–32 salt · 31–0 task counter. Counter 0 is the run itself, so a task id alone gives its run
//! and its shard, with no index:
//!
//! ```text
//! tttttttt-tttt-7kkk-Vsss-ssssnnnnnnnn
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Number of shard keys; a run's key never changes, the shard that serves it may.
pub const SHARD_KEYS: u16 = 4096;
/// Number of shards a new store begins with.
pub const SHARDS_AT_FIRST: u16 = 256;
/// Largest salt: 30 bits.
pub const SALT_MAX: u32 = (1 << 30) - 1;

const COUNTER_MASK: u128 = 0xffff_ffff;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 36 characters of lower-case hex with dashes at 8, 13, 18 and 23.
    #[error("not a lower-case UUID")]
    NotAUuid,
    /// The version or variant bits are not those of `UUIDv7`.
    #[error("not a UUIDv7 shape")]
    NotVersion7,
    /// A run id with a task counter, or a task id without one.
    #[error("names {0}")]
    WrongKind(&'static str),
}

/// The 12 bits of an id that place it on a shard. Less than [`SHARD_KEYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardKey(u16);

impl ShardKey {
    /// The key for any number; only its lower 12 bits count.
    #[must_use]
    pub const fn wrapping(number: u16) -> Self {
        Self(number % SHARD_KEYS)
    }

    /// The key as a number below [`SHARD_KEYS`].
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// One mailbox with one writer: the unit of ownership.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ShardId(pub u16);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A task's number inside its run: from 1, never reset, also not by a restart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct TaskNumber(pub u32);

impl TaskNumber {
    /// The number after this one. The run ends with a reason before numbers run out
    /// (`limits::TASKS_PER_RUN`).
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One execution of a workflow, with one history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(u128);

impl RunId {
    /// Puts an id together. `salt` above [`SALT_MAX`] and times above 48 bits are cut to fit.
    #[must_use]
    pub fn compose(at: Timestamp, key: ShardKey, salt: u32) -> Self {
        let ms = u128::from(at.as_ms_unsigned() & 0xffff_ffff_ffff);
        let value = (ms << 80)
            | (0x7 << 76)
            | (u128::from(key.0) << 64)
            | (0b10 << 62)
            | (u128::from(salt & SALT_MAX) << 32);
        Self(value)
    }

    /// The shard key this id carries.
    #[must_use]
    pub const fn key(self) -> ShardKey {
        ShardKey(((self.0 >> 64) & 0xfff) as u16)
    }

    /// The id of this run's task with that number; the number 0 is not a task's.
    #[must_use]
    pub const fn task(self, number: TaskNumber) -> TaskId {
        TaskId(self.0 | number.0 as u128)
    }

    /// When the id was minted.
    #[must_use]
    pub const fn minted_at(self) -> Timestamp {
        Timestamp::from_ms((self.0 >> 80) as i64)
    }

    /// Sixteen bytes whose order is the id's order.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Back from [`Self::to_bytes`].
    ///
    /// # Errors
    /// The bytes are not a run id's.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, IdError> {
        let value = u128::from_be_bytes(bytes);
        check_shape(value)?;
        if value & COUNTER_MASK != 0 {
            return Err(IdError::WrongKind("a task, not a run"));
        }
        Ok(Self(value))
    }
}

/// One task of one run. Each attempt is a task of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(u128);

impl TaskId {
    /// The run this task belongs to.
    #[must_use]
    pub const fn run(self) -> RunId {
        RunId(self.0 & !COUNTER_MASK)
    }

    /// The task's number inside its run.
    #[must_use]
    pub const fn number(self) -> TaskNumber {
        TaskNumber((self.0 & COUNTER_MASK) as u32)
    }
}

fn check_shape(value: u128) -> Result<(), IdError> {
    if (value >> 76) & 0xf == 0x7 && (value >> 62) & 0b11 == 0b10 {
        Ok(())
    } else {
        Err(IdError::NotVersion7)
    }
}

fn print(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (high, low) = ((value >> 64) as u64, value as u64);
    write!(
        f,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

fn parse(text: &str) -> Result<u128, IdError> {
    if text.len() != 36 {
        return Err(IdError::NotAUuid);
    }
    let mut value: u128 = 0;
    for (at, byte) in text.bytes().enumerate() {
        let digit = match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return Err(IdError::NotAUuid),
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return Err(IdError::NotAUuid),
        };
        value = (value << 4) | u128::from(digit);
    }
    check_shape(value)?;
    Ok(value)
}

impl FromStr for RunId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let value = parse(text)?;
        if value & COUNTER_MASK != 0 {
            return Err(IdError::WrongKind("a task, not a run"));
        }
        Ok(Self(value))
    }
}

impl FromStr for TaskId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let value = parse(text)?;
        if value & COUNTER_MASK == 0 {
            return Err(IdError::WrongKind("a run, not a task"));
        }
        Ok(Self(value))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, f)
    }
}
impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, f)
    }
}
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, f)
    }
}
impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_print_parse_and_keep_their_parts(
            ms in 0i64..(1 << 48), key in 0u16..SHARD_KEYS, salt in 0..=SALT_MAX, number in 1u32..
        ) {
            let run = RunId::compose(Timestamp::from_ms(ms), ShardKey::wrapping(key), salt);
            prop_assert_eq!(run.key().get(), key);
            prop_assert_eq!(run.minted_at(), Timestamp::from_ms(ms));
            prop_assert_eq!(run.to_string().parse::<RunId>(), Ok(run));
            prop_assert_eq!(RunId::from_bytes(run.to_bytes()), Ok(run));
            let task = run.task(TaskNumber(number));
            prop_assert_eq!(task.to_string().parse::<TaskId>(), Ok(task));
            prop_assert_eq!((task.run(), task.number()), (run, TaskNumber(number)));
            prop_assert!(task.to_string().parse::<RunId>().is_err());
            prop_assert!(run.to_string().parse::<TaskId>().is_err());
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<RunId>();
            let _ = text.parse::<TaskId>();
        }
    }

    #[test]
    fn other_uuids_are_refused() {
        let v4 = "3f2b8c1e-8f5a-4c1d-9b7e-2a6f4d8c9e10";
        assert_eq!(v4.parse::<RunId>(), Err(IdError::NotVersion7));
        assert_eq!("abc".parse::<RunId>(), Err(IdError::NotAUuid));
    }
}
