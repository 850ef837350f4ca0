//! Two orders of a queue's rows: best first, and earliest first.

use fermata_storage::{QueueKey, Ready};
use fermata_types::{ShardId, Span, Timestamp};

/// Rows of a queue in memory that are ready; the rest is read when these run low (design 5).
pub const READY_IN_MEMORY: usize = 10_000;
/// Rows of a queue in memory that are not due yet.
pub const DELAYED_IN_MEMORY: usize = 10_000;

/// How much of each queue is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Ready rows, the best ones; at least 1.
    pub ready: usize,
    /// Rows that are not due yet, the earliest ones; at least 1.
    pub delayed: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { ready: READY_IN_MEMORY, delayed: DELAYED_IN_MEMORY }
    }
}

/// A row's place in its queue: best first, whichever shard it is of.
pub type Place = (Ready, ShardId);

/// A row's place by time, or a moment between two milliseconds: `None` lies before all rows that
/// are due then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub due: Timestamp,
    /// Which of the rows due then.
    pub row: Option<(ShardId, Ready)>,
}

impl Moment {
    /// Of a row.
    #[must_use]
    pub const fn of((ready, shard): Place) -> Self {
        Self { due: ready.due, row: Some((shard, ready)) }
    }

    /// After everything that is due by then.
    #[must_use]
    pub fn after(now: Timestamp) -> Self {
        Self { due: now.after(Span::from_ms(1)), row: None }
    }

    /// Before everything.
    #[must_use]
    pub const fn first() -> Self {
        Self { due: Timestamp::from_ms(i64::MIN), row: None }
    }
}

/// The key of a place in a queue.
#[must_use]
pub fn key(queue: &str, (ready, shard): Place) -> QueueKey {
    QueueKey { shard, queue: queue.to_owned(), ready }
}
