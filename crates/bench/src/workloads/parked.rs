//! `parked` and `unpolled`: many runs that nothing happens to, and what they cost.
//!
//! Memory and disk with all of them open, the time to be ready after an orderly end and after a
//! kill, and then some of them go on. In the end every run is accounted for: it is open, or it
//! is among those that went on and reads back as completed exactly once.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::client::{Client, Target};
use crate::definitions::{Subject, waiting_task};
use crate::host::{Host, bytes_on_disk};
use crate::loops::{Shot, closed_loop};
use crate::report::{Measured, per_second};
use crate::sample::Process;
use crate::tracker::{Field, Window};
use crate::verify::{Expected, Verification, read_back};
use crate::workloads::calls::{running, seconds};
use crate::workloads::park::park;
use crate::workloads::phase::{Context, conclude};
use crate::workloads::workers::{self, Crew};

/// How long parking them all may take.
const PARKING_MAX: Duration = Duration::from_secs(3600);
/// How long those that go on may need.
const GOING_ON_MAX: Duration = Duration::from_secs(600);
/// How often the workers' progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub(crate) async fn measure(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let arguments = &context.arguments;
    let host = context.own_server()?;
    let count = u64::from(arguments.scale.parked_runs);
    let mut measured = Measured::default();
    measured.parameter("runs", count);
    measured.parameter("starters", arguments.starters);
    sizes(host, "with no run", &mut measured);

    let begun = Instant::now();
    let (parked, failed) = park(context, subject, count, PARKING_MAX).await?;
    let parked: Vec<Box<str>> =
        parked.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    let took = begun.elapsed();
    measured.figure("runs parked", parked.len());
    measured.figure("parked runs/s", per_second(parked.len() as u64, took));
    sizes(host, "with all parked", &mut measured);

    let (ended, ready) = host.restart().await?;
    measured.figure("s to end after SIGTERM", seconds(ended));
    measured.figure("s to ready after that", seconds(ready));
    sizes(host, "after the restart", &mut measured);
    let ready = host.kill_and_restart().await?;
    measured.figure("s to ready after kill -9", seconds(ready));
    sizes(host, "after the kill", &mut measured);

    let window = Window::after(Duration::ZERO, GOING_ON_MAX);
    let field = Arc::new(Field::open(window));
    for error in &failed {
        field.tracker().failed("start", error);
    }
    go_on(context, subject, &parked, &field, &mut measured).await?;
    sizes(host, "in the end", &mut measured);
    conclude(&field.tracker(), &mut measured);
    // Who began them is known here, not to the tracker.
    measured.figures.retain(|name, _| !name.starts_with("runs started"));
    measured.figures.retain(|name, _| !name.starts_with("runs never"));
    measured.figures.retain(|name, _| !name.starts_with("runs of somebody"));
    measured.verification = Some(account(context, subject, &parked).await?);
    measured.runs = parked;
    Ok(measured)
}

/// Resident memory and the data directory now.
fn sizes(host: &Host, when: &str, measured: &mut Measured) {
    if let Some(process) = host.pid().and_then(Process::of) {
        measured.figure(&format!("MiB resident {when}"), process.resident_mib());
        measured.figure(&format!("MiB at most until {when}"), process.peak_mib());
    }
    measured.figure(&format!("MiB on disk {when}"), bytes_on_disk(host.data()) >> 20);
}

/// Some of the runs are completed: by workers that appear, or by whoever they wait for.
async fn go_on(
    context: &Context,
    subject: &Subject,
    parked: &[Box<str>],
    field: &Arc<Field>,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let arguments = &context.arguments;
    let sample = usize::try_from(arguments.scale.parked_sample)?.min(parked.len());
    let begun = Instant::now();
    if subject.task_type.is_empty() {
        let every = parked.len() / sample.max(1);
        let chosen = parked.iter().step_by(every.max(1)).take(sample).cloned().collect();
        let shot = Arc::new(AnswerShot {
            target: Arc::clone(&context.target),
            field: Arc::clone(field),
            left: Mutex::new(chosen),
        });
        let until = begun + GOING_ON_MAX;
        closed_loop(&shot, &context.target, arguments.starters, until).await;
        measured.latency("answer sent → accepted", &field.tracker().begin_to_answer);
    } else {
        let crew = Crew::busy(arguments);
        let mut at_work = workers::launch(&context.target, subject, field, crew)?;
        let wanted = sample as u64;
        while field.tracker().tasks_in_hands == 0 && begun.elapsed() < GOING_ON_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        measured.figure("s until workers have their first task", seconds(begun.elapsed()));
        while field.tracker().done_total < wanted && begun.elapsed() < GOING_ON_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        at_work.shutdown().await;
    }
    let done = field.tracker().done_total;
    measured.figure("runs that went on", done);
    measured.figure("of them per second", per_second(done, begun.elapsed()));
    Ok(())
}

/// Completes the step that a run waits at.
struct AnswerShot {
    target: Arc<Target>,
    field: Arc<Field>,
    left: Mutex<VecDeque<Box<str>>>,
}

impl AnswerShot {
    async fn answer(&self, client: &mut Client, run: &str) -> anyhow::Result<()> {
        let sent = Instant::now();
        let uri = self.target.uri(&format!("/api/tasks/{run}/{}/COMPLETED", waiting_task()))?;
        client.post(&uri, Bytes::from_static(b"{}")).await?.accepted()?;
        let mut tracker = self.field.tracker();
        tracker.begin_answered(sent, Instant::now());
        tracker.done(run, Instant::now());
        Ok(())
    }
}

impl Shot for AnswerShot {
    async fn fire(&self, client: &mut Client, _due: Instant) -> ControlFlow<()> {
        let run = self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(run) = run else { return ControlFlow::Break(()) };
        if let Err(error) = self.answer(client, &run).await {
            self.field.tracker().failed("answer", &error);
        }
        ControlFlow::Continue(())
    }
}

/// Every run is open or completed exactly once, and none is there that was not started.
async fn account(
    context: &Context,
    subject: &Subject,
    parked: &[Box<str>],
) -> anyhow::Result<Verification> {
    let begun = Instant::now();
    let open = running(&context.target, subject).await?;
    let started: HashSet<&str> = parked.iter().map(|run| &**run).collect();
    let strangers = open.iter().filter(|run| !started.contains(&***run));
    let wrong = strangers.map(|run| format!("{run}: nobody started it")).collect();
    let left_open = open.iter().filter(|run| started.contains(&***run)).count();
    let listed = Verification::judged(left_open, wrong, begun.elapsed().as_secs_f64());
    let gone: Vec<Box<str>> = parked.iter().filter(|run| !open.contains(*run)).cloned().collect();
    let arguments = &context.arguments;
    let (connections, settle) = (arguments.verify_connections, arguments.settle());
    let expected = Expected::from(subject);
    Ok(listed.and(read_back(&context.target, gone, expected, connections, settle).await))
}
