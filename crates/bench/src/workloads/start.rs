//! The starting side: one start per shot, within the room for open runs.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use bytes::Bytes;
use hyper::Uri;

use crate::client::{Client, Target};
use crate::definitions::Subject;
use crate::loops::Shot;
use crate::tracker::Field;
use crate::wire::is_plain;
use crate::workloads::workers::AFTER_FAILURE;

/// Starts runs of one workflow.
pub(crate) struct StartShot {
    uri: Uri,
    field: Arc<Field>,
}

impl StartShot {
    pub(crate) fn new(
        target: &Target,
        subject: &Subject,
        field: &Arc<Field>,
    ) -> anyhow::Result<Self> {
        let uri = start_uri(target, subject)?;
        Ok(Self { uri, field: Arc::clone(field) })
    }
}

impl Shot for StartShot {
    async fn fire(&self, client: &mut Client, due: Instant) -> ControlFlow<()> {
        let room =
            tokio::time::timeout_at(self.field.window.until.into(), self.field.room.acquire());
        let Ok(Ok(permit)) = room.await else { return ControlFlow::Break(()) };
        // In a closed loop the wait for room is the loop's own, not the server's.
        let due = if self.field.is_closed_loop { Instant::now() } else { due };
        let started = start(client, &self.uri).await;
        let answered = Instant::now();
        match started {
            Ok(run) => {
                permit.forget();
                let ends = {
                    let mut tracker = self.field.tracker();
                    tracker.begin_answered(due, answered);
                    tracker.begun(&run, due)
                };
                self.field.settle(ends);
            }
            Err(error) => {
                self.field.tracker().failed("start", &error);
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Where runs of a workflow are started.
pub(crate) fn start_uri(target: &Target, subject: &Subject) -> anyhow::Result<Uri> {
    target.uri(&format!("/api/workflow/{}?version=1", subject.workflow))
}

/// Starts a run with empty input; the answer is its id as text.
pub(crate) async fn start(client: &mut Client, uri: &Uri) -> anyhow::Result<Box<str>> {
    start_with(client, uri, Bytes::from_static(b"{}")).await
}

/// Starts a run with a body; the answer is its id as text.
pub(crate) async fn start_with(
    client: &mut Client,
    uri: &Uri,
    body: Bytes,
) -> anyhow::Result<Box<str>> {
    let answer = client.post(uri, body).await?.accepted()?;
    let run = answer.text()?;
    ensure!(is_plain(run), "not a run id: {run:?}");
    Ok(run.into())
}
