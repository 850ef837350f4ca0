//! Open and closed loops over many clients.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{Client, Target};
use crate::pacer::{self, Kept, Pace};

/// One request of a workload, with all its accounting.
pub(crate) trait Shot: Send + Sync + 'static {
    /// Fires once; `due` is when the request was meant to be sent. `Break` ends this client.
    fn fire(
        &self,
        client: &mut Client,
        due: Instant,
    ) -> impl Future<Output = ControlFlow<()>> + Send;
}

/// Fires at a fixed rate from `begin` on, whatever the answers do, and waits for the last one.
pub(crate) async fn open_loop<S: Shot>(
    shot: &Arc<S>,
    target: &Arc<Target>,
    pace: Pace,
    begin: Instant,
    connections: u16,
) -> Kept {
    let (due_times, pacer) = pacer::launch(pace, begin);
    let due_times = Arc::new(Mutex::new(due_times));
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (shot, due_times) = (Arc::clone(shot), Arc::clone(&due_times));
        let mut client = Client::new(Arc::clone(target));
        clients.spawn(async move {
            loop {
                let due = due_times.lock().await.recv().await;
                let Some(due) = due else { break };
                if shot.fire(&mut client, due).await.is_break() {
                    break;
                }
            }
        });
    }
    clients.join_all().await;
    drop(due_times);
    pacer.join().unwrap_or_default()
}

/// Fires again as soon as the last answer came, on each connection, until `until`.
pub(crate) async fn closed_loop<S: Shot>(
    shot: &Arc<S>,
    target: &Arc<Target>,
    connections: u16,
    until: Instant,
) {
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let shot = Arc::clone(shot);
        let mut client = Client::new(Arc::clone(target));
        clients.spawn(async move {
            loop {
                let now = Instant::now();
                if now >= until || shot.fire(&mut client, now).await.is_break() {
                    break;
                }
            }
        });
    }
    clients.join_all().await;
}
