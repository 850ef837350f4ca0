//! What is left of an evaluation's time and operations, asked by the engine as it runs.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Which limit stopped a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Time,
    Operations,
}

/// Shared by an engine and its interrupt handler. Before [`Budget::begin`] nothing is spent.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    deadline: Cell<Option<Instant>>,
    operations_left: Cell<u64>,
    cut: Cell<Option<Cut>>,
}

impl Budget {
    /// Starts the clock.
    pub(crate) fn begin(&self, wall: Duration, operations: u64) {
        self.deadline.set(real_time().checked_add(wall));
        self.operations_left.set(operations);
        self.cut.set(None);
    }

    /// Counts operations; true when the script has to stop. Once true, always true.
    pub(crate) fn spend(&self, operations: u64) -> bool {
        if self.cut.get().is_some() {
            return true;
        }
        let Some(deadline) = self.deadline.get() else { return false };
        if real_time() >= deadline {
            self.cut.set(Some(Cut::Time));
            return true;
        }
        match self.operations_left.get().checked_sub(operations) {
            Some(left) => self.operations_left.set(left),
            None => self.cut.set(Some(Cut::Operations)),
        }
        self.cut.get().is_some()
    }

    /// The limit that stopped the script, if one did.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.cut.get()
    }
}

/// The one clock of this crate. A script that computes spends real time, which no simulation
/// moves; what the script itself sees as the time comes from the context.
#[expect(clippy::disallowed_methods, reason = "a limit on real time needs the real clock")]
fn real_time() -> Instant {
    Instant::now()
}
