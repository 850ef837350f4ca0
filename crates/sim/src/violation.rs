//! What a world reports when an invariant does not hold.

use std::fmt;

/// An invariant that does not hold, and how that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Name of the invariant: that of its file.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Nothing, or the invariant that does not hold.
pub(crate) type Checked = Result<(), Violation>;

/// A violation, unless `holds`.
pub(crate) fn expect(
    holds: bool,
    invariant: &'static str,
    what: impl FnOnce() -> String,
) -> Checked {
    if holds { Ok(()) } else { Err(Violation { invariant, what: what() }) }
}
