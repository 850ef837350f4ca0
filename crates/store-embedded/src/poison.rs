//! Poison: after a failed write or sync nothing is trusted until the store is opened anew.
//!
//! A sync that failed once may report success the next time although the pages are lost, so
//! there is no second try.

use std::sync::atomic::{AtomicBool, Ordering};

use fermata_storage::{CommitError, ReadError};

/// Whether an error has made the store untrustworthy. Never taken back.
#[derive(Debug, Default)]
pub(crate) struct Poison(AtomicBool);

impl Poison {
    pub(crate) fn set(&self, cause: &(dyn std::error::Error + 'static)) {
        self.0.store(true, Ordering::SeqCst);
        tracing::error!(cause, "store poisoned");
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn check_commit(&self) -> Result<(), CommitError> {
        if self.is_set() { Err(CommitError::Poisoned) } else { Ok(()) }
    }

    pub(crate) fn check_read(&self) -> Result<(), ReadError> {
        if self.is_set() { Err(ReadError::Poisoned) } else { Ok(()) }
    }
}
