//! `message`: how soon a message moves the run that waits for it.
//!
//! Each run waits in one `PULL_WORKFLOW_MESSAGES` and then has a worker task; that the run has
//! moved is seen by the task in a waiting worker's hands, so the figure includes the hand-off.
//! As many runs as messages are parked first, so that every message finds a run asleep.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::client::{Client, Target};
use crate::definitions::Subject;
use crate::loops::{Shot, closed_loop, open_loop};
use crate::pacer::Pace;
use crate::report::{Measured, per_second};
use crate::tracker::{Field, Window};
use crate::workloads::handoff::idle_crew;
use crate::workloads::park::{Parked, park};
use crate::workloads::phase::{Context, conclude};
use crate::workloads::workers;

/// How long parking the runs, or waking those left over, may take.
const ASIDE_MAX: Duration = Duration::from_secs(60);

/// Sends one message to the run that has waited longest.
struct MessageShot {
    target: Arc<Target>,
    field: Arc<Field>,
    parked: Arc<Parked>,
}

impl MessageShot {
    async fn wake(&self, client: &mut Client, run: &str, due: Instant) -> anyhow::Result<()> {
        let uri = self.target.uri(&format!("/api/workflow/{run}/messages"))?;
        client.post(&uri, Bytes::from_static(b"{\"go\":true}")).await?.accepted()?;
        self.field.tracker().begin_answered(due, Instant::now());
        Ok(())
    }
}

impl Shot for MessageShot {
    async fn fire(&self, client: &mut Client, due: Instant) -> ControlFlow<()> {
        let run = self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(run) = run else { return ControlFlow::Break(()) };
        // Known before it is sent: the worker may be quicker than the answer.
        self.field.tracker().begun(&run, due);
        if let Err(error) = self.wake(client, &run, due).await {
            self.field.tracker().failed("message", &error);
        }
        ControlFlow::Continue(())
    }
}

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let target = &context.target;
    let pace = Pace {
        per_second: arguments.message_rate,
        length: arguments.warmup() + arguments.measured(),
    };
    let parking = Instant::now();
    let (parked, failed) = park(context, subject, pace.total(), ASIDE_MAX).await?;
    let parked_after = parking.elapsed();

    let window = Window::after(arguments.warmup(), arguments.measured());
    let field = Arc::new(Field::open(window));
    for error in &failed {
        field.tracker().failed("start", error);
    }
    let crew = idle_crew(context);
    let crew_at_work = workers::launch(target, subject, &field, crew)?;
    let shot = Arc::new(MessageShot {
        target: Arc::clone(target),
        field: Arc::clone(&field),
        parked: Arc::clone(&parked),
    });
    let connections = arguments.open_loop_connections;
    let begin = window.until - pace.length;
    let kept = open_loop(&shot, target, pace, begin, connections).await;
    // Runs whose message was dropped are woken now, unmeasured, so that every run can be judged.
    let aside = Instant::now().max(window.until) + ASIDE_MAX;
    closed_loop(&shot, target, connections, aside).await;
    field.drain(arguments.settle()).await;
    drop(crew_at_work);

    let mut measured = Measured::default();
    measured.parameter("loop", "open");
    measured.parameter("messages/s", pace.per_second);
    measured.parameter("measured seconds", arguments.seconds);
    measured.parameter("warm-up seconds", arguments.warmup_seconds);
    measured.parameter("runs parked", pace.total());
    measured.parameter("connections", connections);
    crew.describe(&mut measured);
    let tracker = field.tracker();
    let completed = per_second(tracker.done_in_window, arguments.measured());
    measured.figure("completed runs/s", completed);
    measured.figure("parked runs/s, before", per_second(pace.total(), parked_after));
    measured.kept(&kept);
    measured.latency("message due → accepted", &tracker.begin_to_answer);
    measured.latency("message due → next task in hands", &tracker.begin_to_hands);
    measured.latency("message due → run completed", &tracker.begin_to_done);
    measured.latency("ready (server, whole ms) → in hands", &tracker.ready_to_hands);
    conclude(&tracker, &mut measured);
    Ok(measured)
}
