//! A run's view of its message lane. Its truth is the lane row, written in the same batch as the
//! run's events; replaying history never touches it (design 4).

use fermata_types::MessageOffset;

/// Head and cursor of lane `default`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lane {
    /// The last accepted message; 0 for none.
    pub head: MessageOffset,
    /// The last consumed (or expired) message.
    pub cursor: MessageOffset,
}

impl Lane {
    /// Messages accepted and not yet consumed.
    #[must_use]
    pub const fn pending(self) -> u64 {
        self.head.0.saturating_sub(self.cursor.0)
    }
}
