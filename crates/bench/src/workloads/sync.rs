//! `sync`: a run of five steps without workers, answered when it has ended.
//!
//! Once at a fixed rate, with latencies from the moment each request was due, and once as fast as
//! the connections allow.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use bytes::Bytes;
use hyper::Uri;
use serde_json::json;

use crate::client::{Client, Target};
use crate::definitions::{Subject, sync_input};
use crate::loops::{Shot, closed_loop, open_loop};
use crate::pacer::Pace;
use crate::report::{Measured, per_second};
use crate::tracker::{Field, Window};
use crate::wire::{ExecutedRun, is_plain};
use crate::workloads::phase::{Context, conclude};
use crate::workloads::workers::AFTER_FAILURE;

/// Seconds the server may wait for the run to end; a run takes far less.
const WAIT_SECONDS: u64 = 10;

/// Executes one run and waits for it.
struct ExecuteShot {
    uri: Uri,
    body: Bytes,
    field: Arc<Field>,
}

impl ExecuteShot {
    fn new(target: &Target, subject: &Subject, field: &Arc<Field>) -> anyhow::Result<Self> {
        let path =
            format!("/api/workflow/execute/{}/1?waitForSeconds={WAIT_SECONDS}", subject.workflow);
        let body = json!({ "name": subject.workflow, "version": 1, "input": sync_input() });
        Ok(Self {
            uri: target.uri(&path)?,
            body: Bytes::from(body.to_string()),
            field: Arc::clone(field),
        })
    }

    async fn execute(&self, client: &mut Client, due: Instant) -> anyhow::Result<()> {
        let answer = client.post(&self.uri, self.body.clone()).await?.accepted()?;
        let answered = Instant::now();
        let run: ExecutedRun<'_> = serde_json::from_slice(&answer.body)?;
        ensure!(is_plain(&run.workflow_id), "not a run id: {:?}", run.workflow_id);
        let mut tracker = self.field.tracker();
        tracker.begun(&run.workflow_id, due);
        if run.status != "COMPLETED" {
            bail!("run {} was answered as {:?}", run.workflow_id, run.status);
        }
        tracker.done(&run.workflow_id, answered);
        Ok(())
    }
}

impl Shot for ExecuteShot {
    async fn fire(&self, client: &mut Client, due: Instant) -> ControlFlow<()> {
        if let Err(error) = self.execute(client, due).await {
            self.field.tracker().failed("execute", &error);
            tokio::time::sleep(AFTER_FAILURE).await;
        }
        ControlFlow::Continue(())
    }
}

/// Each of the two loops gets half of the time.
fn half(context: &Context) -> Duration {
    context.arguments.measured() / 2
}

pub(crate) async fn measure_open(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let pace = Pace { per_second: arguments.sync_rate, length: arguments.warmup() + half(context) };
    let window = Window::after(arguments.warmup(), half(context));
    let field = Arc::new(Field::open(window));
    let shot = Arc::new(ExecuteShot::new(&context.target, subject, &field)?);
    let connections = arguments.open_loop_connections;
    let begin = window.until - pace.length;
    let kept = open_loop(&shot, &context.target, pace, begin, connections).await;

    let mut measured = parameters(context, subject, "open", connections);
    measured.parameter("executes/s", pace.per_second);
    measured.kept(&kept);
    finish(context, &field, "execute due → answered", measured)
}

pub(crate) async fn measure_closed(
    context: &Context,
    subject: &Subject,
) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let window = Window::after(arguments.warmup(), half(context));
    let field = Arc::new(Field::closed(window, u32::from(arguments.sync_connections)));
    let shot = Arc::new(ExecuteShot::new(&context.target, subject, &field)?);
    closed_loop(&shot, &context.target, arguments.sync_connections, window.until).await;

    let measured = parameters(context, subject, "closed", arguments.sync_connections);
    finish(context, &field, "execute sent → answered", measured)
}

fn parameters(context: &Context, subject: &Subject, kind: &str, connections: u16) -> Measured {
    let mut measured = Measured::default();
    measured.parameter("loop", kind);
    measured.parameter("measured seconds", half(context).as_secs_f64());
    measured.parameter("warm-up seconds", context.arguments.warmup_seconds);
    measured.parameter("steps per run", subject.references.len());
    measured.parameter("connections", connections);
    measured
}

fn finish(
    context: &Context,
    field: &Field,
    latency: &'static str,
    mut measured: Measured,
) -> anyhow::Result<Measured> {
    let tracker = field.tracker();
    let completed = per_second(tracker.done_in_window, half(context));
    measured.figure("completed runs/s", completed);
    measured.latency(latency, &tracker.begin_to_done);
    conclude(&tracker, &mut measured);
    Ok(measured)
}
