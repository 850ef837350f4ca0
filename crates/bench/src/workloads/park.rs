//! Starting runs that are left waiting.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::Uri;

use crate::client::Client;
use crate::definitions::Subject;
use crate::loops::{Shot, closed_loop};
use crate::workloads::phase::Context;
use crate::workloads::start::{start, start_uri};

/// Runs that wait, the longest first.
pub(crate) type Parked = Mutex<VecDeque<Box<str>>>;

/// Starts a run and leaves it waiting.
struct ParkShot {
    uri: Uri,
    left: AtomicU64,
    parked: Arc<Parked>,
    failed: Mutex<Vec<anyhow::Error>>,
}

impl Shot for ParkShot {
    async fn fire(&self, client: &mut Client, _due: Instant) -> ControlFlow<()> {
        let take = |left: u64| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return ControlFlow::Break(());
        }
        match start(client, &self.uri).await {
            Ok(run) => {
                self.parked.lock().unwrap_or_else(PoisonError::into_inner).push_back(run);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// Starts `count` runs, for at most `limit`, and the errors of those that did not start.
pub(crate) async fn park(
    context: &Context,
    subject: &Subject,
    count: u64,
    limit: Duration,
) -> anyhow::Result<(Arc<Parked>, Vec<anyhow::Error>)> {
    let shot = Arc::new(ParkShot {
        uri: start_uri(&context.target, subject)?,
        left: AtomicU64::new(count),
        parked: Arc::default(),
        failed: Mutex::default(),
    });
    let until = Instant::now() + limit;
    closed_loop(&shot, &context.target, context.arguments.starters, until).await;
    let failed = std::mem::take(&mut *shot.failed.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((Arc::clone(&shot.parked), failed))
}
