//! The store's own thread: segments ahead of time, checkpoints at a measured pace.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::core::{Core, Done, FROZEN_MAX};

/// How long after a checkpoint found no space the next is tried.
const RETRY: Duration = Duration::from_secs(1);
/// The longest rest between two pieces of a checkpoint.
const REST_MAX: Duration = Duration::from_millis(20);

/// Starts the thread. It ends when the store is closed or poisoned.
pub(crate) fn start(shared: Arc<Core>) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("checkpointer".to_owned()).spawn(move || run(&shared))
}

fn run(shared: &Core) {
    let _guard = Guard(shared);
    // Recovery may have left deltas.
    shared.wish(|wishes| wishes.has_frozen = true);
    loop {
        let wishes = shared.wait(shared.is_full().then_some(RETRY));
        if wishes.is_closing {
            return;
        }
        // What was wanted and found no space is wanted still.
        shared.look_for_space();
        serve(shared, wishes.segment);
        loop {
            match shared.checkpoint_step(&mut pace(shared)) {
                Done::Checkpoint => {}
                Done::Nothing | Done::Full => break,
                Done::Ended => return,
            }
        }
    }
}

fn serve(shared: &Core, segment: Option<u64>) {
    if let Some(number) = segment {
        shared.stock(number);
    }
}

/// Rests as long as the piece before took, unless deltas pile up; makes the next segment if it is
/// asked for meanwhile, because commits need that first.
#[expect(clippy::disallowed_methods, reason = "the pace of background work, no decision by time")]
fn pace(shared: &Core) -> impl FnMut() -> bool {
    let mut began = Instant::now();
    move || {
        let wishes = shared.wait(Some(Duration::ZERO));
        serve(shared, wishes.segment);
        if shared.waiting() < FROZEN_MAX {
            thread::sleep(began.elapsed().min(REST_MAX));
        }
        began = Instant::now();
        !shared.is_closing() && !shared.poison.is_set()
    }
}

/// Without its thread the store would fill the memory: if it dies, nobody goes on.
struct Guard<'a>(&'a Core);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.poison.set(&Died);
        }
    }
}

/// The checkpointer's thread panicked.
#[derive(Debug, thiserror::Error)]
#[error("the checkpointer died")]
struct Died;
