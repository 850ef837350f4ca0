//! Numbers that only go up: events, batches, log positions, epochs, message offsets.

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[derive(Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number!(
    /// An event's place in its run's history: from 1, without gaps; 0 is "before the first".
    EventNumber
);
number!(
    /// A staged batch of one shard in one life of the process; the answer barrier counts these.
    BatchNumber
);
number!(
    /// How many group commits a store has made durable: 0 is an empty store.
    Position
);
number!(
    /// Counts restarts, reruns, retries and revivals of a run; queue and deadline rows carry it.
    RunEpoch
);
number!(
    /// Fences the owner of a shard: a stale owner's batch is refused.
    ShardEpoch
);
number!(
    /// A message's place in its lane: from 1, without gaps; 0 is "before the first".
    MessageOffset
);
