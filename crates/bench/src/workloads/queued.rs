//! `one-task`, `twenty-task` and `mixed`: how many runs of worker tasks complete in a second.
//!
//! A closed loop with a bound on open runs: the figure is throughput, and the latencies are those
//! of a busy server.

use std::sync::Arc;

use crate::definitions::Subject;
use crate::loops::closed_loop;
use crate::report::{Measured, per_second};
use crate::tracker::{Field, Window};
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::StartShot;
use crate::workloads::workers::{self, Crew};

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let window = Window::after(arguments.warmup(), arguments.measured());
    let field = Arc::new(Field::closed(window, arguments.open_runs));
    let crew = Crew::busy(arguments);
    let crew_at_work = workers::launch(&context.target, subject, &field, crew)?;
    let shot = Arc::new(StartShot::new(&context.target, subject, &field)?);
    closed_loop(&shot, &context.target, arguments.starters, window.until).await;
    field.drain(arguments.settle()).await;
    drop(crew_at_work);

    let mut measured = Measured::default();
    measured.parameter("loop", "closed");
    measured.parameter("measured seconds", arguments.seconds);
    measured.parameter("warm-up seconds", arguments.warmup_seconds);
    let tasks = subject.worker_tasks();
    measured.tasks_per_run = tasks;
    measured.parameter("steps per run", subject.references.len());
    measured.parameter("worker tasks per run", tasks);
    measured.parameter("starters", arguments.starters);
    measured.parameter("open runs", arguments.open_runs);
    crew.describe(&mut measured);
    let tracker = field.tracker();
    let completed = per_second(tracker.done_in_window, arguments.measured());
    measured.figure("completed runs/s", completed);
    measured.figure("completed tasks/s", completed * tasks as f64);
    measured.latency("start sent → start answered", &tracker.begin_to_answer);
    measured.latency("start sent → completed", &tracker.begin_to_done);
    measured.latency("ready (server, whole ms) → in hands", &tracker.ready_to_hands);
    conclude(&tracker, &mut measured);
    Ok(measured)
}
