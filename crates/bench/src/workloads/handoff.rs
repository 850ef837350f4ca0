//! `handoff`: how soon a ready task is in the hands of a worker that waits for it.

use std::sync::Arc;

use crate::definitions::Subject;
use crate::loops::open_loop;
use crate::pacer::Pace;
use crate::report::{Measured, per_second};
use crate::tracker::{Field, Window};
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::StartShot;
use crate::workloads::workers::{self, Crew};

/// Milliseconds an idle worker's poll waits: the longest that Conductor allows.
pub(crate) const IDLE_POLL_MS: u16 = 5000;

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let pace = Pace {
        per_second: arguments.handoff_rate,
        length: arguments.warmup() + arguments.measured(),
    };
    let window = Window::after(arguments.warmup(), arguments.measured());
    let begin = window.until - pace.length;
    let field = Arc::new(Field::open(window));
    let crew = idle_crew(context);
    let crew_at_work = workers::launch(&context.target, subject, &field, crew)?;
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    let connections = arguments.open_loop_connections;
    let kept = open_loop(&shot, &context.target, pace, begin, connections).await;
    field.drain(arguments.settle()).await;
    drop(crew_at_work);

    let mut measured = Measured::default();
    measured.parameter("loop", "open");
    measured.parameter("starts/s", pace.per_second);
    measured.parameter("measured seconds", arguments.seconds);
    measured.parameter("warm-up seconds", arguments.warmup_seconds);
    measured.parameter("connections", connections);
    crew.describe(&mut measured);
    let tracker = field.tracker();
    let completed = per_second(tracker.done_in_window, arguments.measured());
    measured.figure("completed runs/s", completed);
    measured.kept(&kept);
    measured.latency("ready (server, whole ms) → in hands", &tracker.ready_to_hands);
    measured.latency("start due → in hands", &tracker.begin_to_hands);
    measured.latency("start due → start answered", &tracker.begin_to_answer);
    measured.latency("start due → completed", &tracker.begin_to_done);
    conclude(&tracker, &mut measured);
    Ok(measured)
}

/// Workers that mostly wait: each poll takes one task.
pub(crate) fn idle_crew(context: &Context) -> Crew {
    let arguments = &context.arguments;
    Crew {
        pollers: arguments.idle_workers,
        updaters: arguments.idle_workers,
        batch: 1,
        poll_timeout_ms: IDLE_POLL_MS,
        update: arguments.update,
    }
}
