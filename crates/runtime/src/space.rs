//! Read-only mode (design 4): while the store has no space, nothing new is taken in and nothing
//! goes on by itself, but reads, terminations, deletions and retention work, from the store's
//! reserve, and everything resumes by itself when there is space again.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::Command;
use fermata_storage::Store;
use tokio::sync::watch;

use crate::shard::machine::Shared;
use crate::shard::request::Request;

/// Between two looks at a full store: it finds out by itself, and nobody tells.
const LOOK: Duration = Duration::from_secs(1);

/// Whether the store has space, and a bell for those who wait for it.
#[derive(Debug)]
pub struct Space {
    full: watch::Sender<bool>,
}

impl Default for Space {
    fn default() -> Self {
        Self { full: watch::Sender::new(false) }
    }
}

impl Space {
    /// Whether the server is read-only.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self.full.borrow()
    }

    /// The store has refused a commit for want of space. Says so in the log once.
    pub(crate) fn fill(&self) {
        if !self.full.send_replace(true) {
            tracing::error!("storage is full: read-only until there is space");
        }
    }

    /// Rings when the server becomes read-only and when it is so no more.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.full.subscribe()
    }

    fn end(&self) {
        tracing::info!("there is space again");
        self.full.send_replace(false);
    }
}

/// Ends read-only mode whenever the store has space again; runs as long as the engine.
pub(crate) async fn watch(store: Arc<dyn Store>, shared: Arc<Shared>) {
    let mut changes = shared.space.subscribe();
    while changes.wait_for(|is_full| *is_full).await.is_ok() {
        tokio::time::sleep(LOOK).await;
        if !store.is_full() {
            shared.space.end();
        }
    }
}

/// What is taken in although storage is full: it reads, or it makes room.
#[must_use]
pub(crate) const fn is_allowed(request: &Request) -> bool {
    match request {
        Request::Read(_)
        | Request::Watch { .. }
        | Request::Unwatch { .. }
        | Request::Delete(_)
        | Request::Retire(_) => true,
        Request::Run { command, .. } => {
            // A termination that starts a failure workflow brings something new.
            matches!(
                command,
                Command::Terminate { triggers_failure_workflow: false, .. }
                    | Command::Return { .. }
            )
        }
        _ => false,
    }
}
