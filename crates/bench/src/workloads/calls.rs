//! Reads that several workloads make between their measurements.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::{Client, Target};
use crate::definitions::Subject;

/// How long a list of a million runs, or a run of a hundred thousand tasks, may take.
pub(crate) const LONG_READ: Duration = Duration::from_secs(300);

/// Pause before a list is read again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Ids of the runs of a workflow that are open.
///
/// # Errors
/// The server does not answer with a list.
pub(crate) async fn running(
    target: &Arc<Target>,
    subject: &Subject,
) -> anyhow::Result<HashSet<Box<str>>> {
    let uri = target.uri(&format!("/api/workflow/running/{}?version=1", subject.workflow))?;
    let mut client = Client::new(Arc::clone(target));
    let answer = client.get(&uri, LONG_READ).await?.accepted()?;
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Waits until no run of a workflow is open; those that are still open after `limit`.
///
/// # Errors
/// As [`running`].
pub(crate) async fn until_none_runs(
    target: &Arc<Target>,
    subject: &Subject,
    limit: Duration,
) -> anyhow::Result<HashSet<Box<str>>> {
    let until = Instant::now() + limit;
    loop {
        let open = running(target, subject).await?;
        if open.is_empty() || Instant::now() >= until {
            return Ok(open);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Seconds with three decimals.
pub(crate) fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Milliseconds with two decimals.
pub(crate) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 100_000.0).round() / 100.0
}
