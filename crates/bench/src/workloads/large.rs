//! `large`: one run with a hundred thousand worker tasks, side by side or one after the other.
//!
//! The figures are the rate in each tenth of the run, which must not fall, and one completion
//! while the run is cold: the server has been restarted, or has had many other runs since.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use hyper::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Target};
use crate::definitions::{self, LAST_TURNS, Subject};
use crate::report::{Measured, Skip, per_second};
use crate::tracker::{Field, Window};
use crate::verify::Verification;
use crate::wire::{PolledTask, ReadRun, completed_result};
use crate::workloads::calls::{LONG_READ, millis, seconds};
use crate::workloads::park::park;
use crate::workloads::phase::{Context, conclude};
use crate::workloads::start::{start_uri, start_with};

/// Tasks of a fork that are kept back: one is completed cold, one warm, and one ends the run.
const KEPT_OF_FORK: u64 = 3;
/// A loop has one task at a time.
const KEPT_OF_LOOP: u64 = 1;
/// How long the whole run may take.
const RUN_MAX: Duration = Duration::from_secs(3600);
/// Pause before the run is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Parts of the run that the rate is given for.
const PARTS: u64 = 10;
/// Tasks of one poll; small, so that all clients have some.
const BATCH: u16 = 16;
/// The name these workers give.
const WORKER: &str = "fermata-bench-large";

pub(crate) async fn measure_fan_out(
    context: &Context,
    subject: &Subject,
) -> anyhow::Result<Measured> {
    let tasks = context.arguments.scale.large_tasks;
    let branches = vec![1; usize::try_from(tasks)?];
    measure(context, subject, &json!({ "branches": branches }), KEPT_OF_FORK).await
}

pub(crate) async fn measure_loop(context: &Context, subject: &Subject) -> anyhow::Result<Measured> {
    let tasks = context.arguments.scale.large_tasks;
    measure(context, subject, &json!({ LAST_TURNS: tasks }), KEPT_OF_LOOP).await
}

async fn measure(
    context: &Context,
    subject: &Subject,
    input: &Value,
    kept: u64,
) -> anyhow::Result<Measured> {
    let total = u64::from(context.arguments.scale.large_tasks);
    let mut client = Client::new(Arc::clone(&context.target));
    let mut measured = Measured::default();
    measured.parameter("worker tasks", total);
    measured.parameter("clients", context.arguments.updaters);
    let begun = Instant::now();
    let body = Bytes::from(input.to_string());
    let run = start_with(&mut client, &start_uri(&context.target, subject)?, body)
        .await
        .map_err(|error| Skip(format!("the server does not start such a run: {error:#}")))?;
    measured.figure("ms until its start was answered", millis(begun.elapsed()));

    let shop = Arc::new(Shop::new(context, subject, total - kept)?);
    shop.work(context.arguments.updaters).await;
    rates(&shop, begun, &mut measured);
    cool_down(context, &mut measured).await?;
    for (at, result) in shop.kept().into_iter().enumerate() {
        let sent = Instant::now();
        client.post(&shop.update, result).await?.accepted()?;
        let temperature = if at == 0 { "cold" } else { "warm" };
        measured.figure(&format!("ms of completion {}, {temperature}", at + 1), {
            millis(sent.elapsed())
        });
    }
    let wrong = read_back(context, &mut client, &run, total, &mut measured).await?;
    measured.verification = Some(Verification::judged(1, wrong, begun.elapsed().as_secs_f64()));
    conclude(&shop.field.tracker(), &mut measured);
    measured.figures.retain(|name, _| !name.starts_with("runs "));
    measured.runs = vec![run];
    measured.tasks_per_run = usize::try_from(total)?;
    Ok(measured)
}

/// The workers of one run: they complete so many tasks and keep the rest in their hands.
struct Shop {
    target: Arc<Target>,
    field: Field,
    poll: Uri,
    update: Uri,
    to_complete: u64,
    taken: AtomicU64,
    completed: AtomicU64,
    /// When each tenth was reached.
    reached: Mutex<Vec<Instant>>,
    kept: Mutex<Vec<Bytes>>,
}

impl Shop {
    fn new(context: &Context, subject: &Subject, to_complete: u64) -> anyhow::Result<Self> {
        let task = subject.task_type;
        let target = Arc::clone(&context.target);
        Ok(Self {
            poll: target.uri(&format!(
                "/api/tasks/poll/batch/{task}?workerid={WORKER}&count={BATCH}&timeout=1000"
            ))?,
            update: target.uri("/api/tasks")?,
            target,
            field: Field::open(Window::after(Duration::ZERO, RUN_MAX)),
            to_complete,
            taken: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            reached: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    async fn work(self: &Arc<Self>, clients: u16) {
        let mut all = JoinSet::new();
        for _ in 0..clients {
            all.spawn(Arc::clone(self).work_alone());
        }
        all.join_all().await;
    }

    async fn work_alone(self: Arc<Self>) {
        let mut client = Client::new(Arc::clone(&self.target));
        let until = self.field.window.until;
        while self.completed.load(Ordering::Relaxed) < self.to_complete && Instant::now() < until {
            if let Err(error) = self.round(&mut client).await {
                self.field.tracker().failed("large", &error);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        // The last ones may come only now.
        while self.kept_is_short() && Instant::now() < until {
            if let Err(error) = self.round(&mut client).await {
                self.field.tracker().failed("large", &error);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    fn kept_is_short(&self) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    async fn round(&self, client: &mut Client) -> anyhow::Result<()> {
        let answer = client.get(&self.poll, Duration::from_secs(1)).await?.accepted()?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let tasks: Vec<PolledTask<'_>> = serde_json::from_slice(&answer.body)?;
        let results: Vec<Bytes> = tasks.iter().map(|task| completed_result(task, WORKER)).collect();
        for result in results {
            if self.taken.fetch_add(1, Ordering::Relaxed) >= self.to_complete {
                self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                continue;
            }
            client.post(&self.update, result).await?.accepted()?;
            let completed = self.completed.fetch_add(1, Ordering::Relaxed) + 1;
            if completed.is_multiple_of((self.to_complete / PARTS).max(1)) {
                self.reached.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
        }
        Ok(())
    }

    fn kept(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tasks per second in the whole run and in each tenth of it.
fn rates(shop: &Shop, begun: Instant, measured: &mut Measured) {
    let completed = shop.completed.load(Ordering::Relaxed);
    measured.figure("completed tasks/s", per_second(completed, begun.elapsed()));
    let reached = shop.reached.lock().unwrap_or_else(PoisonError::into_inner);
    let mut before = begun;
    let mut parts = Vec::new();
    for at in reached.iter() {
        parts.push(per_second(completed / PARTS, at.saturating_duration_since(before)));
        before = *at;
    }
    measured.figure("tasks/s in each tenth", parts);
}

/// Makes the server forget what it has of the run in memory.
async fn cool_down(context: &Context, measured: &mut Measured) -> anyhow::Result<()> {
    if let Some(host) = &context.host {
        let (_, ready) = host.restart().await?;
        measured.parameter("made cold by", "a restart");
        measured.figure("s to ready after a restart", seconds(ready));
        return Ok(());
    }
    let count = context.arguments.scale.cold_runs;
    let others = definitions::parked_at_wait();
    definitions::register(&context.target, &others).await?;
    let (parked, _) = park(context, &others, u64::from(count), RUN_MAX).await?;
    let parked = parked.lock().unwrap_or_else(PoisonError::into_inner).len();
    measured.parameter("made cold by", format!("{parked} other runs, which are left waiting"));
    Ok(())
}

/// Waits for the end of the run and looks at all of its tasks; what is wrong with them.
async fn read_back(
    context: &Context,
    client: &mut Client,
    run: &str,
    total: u64,
    measured: &mut Measured,
) -> anyhow::Result<Vec<String>> {
    let brief = context.target.uri(&format!("/api/workflow/{run}?includeTasks=false"))?;
    let until = Instant::now() + context.arguments.settle();
    while Instant::now() < until {
        let answer = client.get(&brief, LONG_READ).await?.accepted()?;
        let read: ReadRun<'_> = serde_json::from_slice(&answer.body)?;
        if read.status != "RUNNING" {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let uri = context.target.uri(&format!("/api/workflow/{run}?includeTasks=true"))?;
    let begun = Instant::now();
    let answer = client.get(&uri, LONG_READ).await?.accepted()?;
    measured.figure("s to read the whole run", seconds(begun.elapsed()));
    measured.figure("MiB of that answer", answer.body.len() >> 20);
    ensure!(!answer.body.is_empty(), "an empty answer");
    let read: ReadRun<'_> = serde_json::from_slice(&answer.body)?;
    Ok(judge(&read, total))
}

/// Each of its worker tasks must be completed, under a reference of its own.
fn judge(run: &ReadRun<'_>, total: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    if run.status != "COMPLETED" {
        wrong.push(format!("it is {}", run.status));
    }
    let mut seen = HashSet::new();
    for task in run.tasks.iter().filter(|task| task.is_worker_task()) {
        if task.status != "COMPLETED" || !seen.insert(task.reference_task_name.as_ref()) {
            wrong.push(format!("{} is there again, or {}", task.reference_task_name, task.status));
        }
    }
    if seen.len() as u64 != total {
        wrong.push(format!("it has {} completed worker tasks, not {total}", seen.len()));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: &str, tasks: &[(&str, &str)]) -> Vec<String> {
        let task = |(reference, status): &(&str, &str)| {
            json!({
                "referenceTaskName": reference, "status": status, "taskType": "fermata_bench_turn",
            })
        };
        let mut all: Vec<Value> = tasks.iter().map(task).collect();
        all.push(json!({ "referenceTaskName": "join", "status": "COMPLETED", "taskType": "JOIN" }));
        let body = json!({ "status": status, "tasks": all }).to_string();
        judge(&serde_json::from_str(&body).expect("a run"), 2)
    }

    #[test]
    fn each_worker_task_counts_once() {
        let done = "COMPLETED";
        assert_eq!(judged(done, &[("a", done), ("b", done)]), [""; 0]);
        assert_eq!(judged("RUNNING", &[("a", done), ("b", done)]).len(), 1);
        assert_eq!(judged(done, &[("a", done), ("a", done)]).len(), 2);
        assert_eq!(judged(done, &[("a", done), ("b", "CANCELED")]).len(), 2);
        assert_eq!(judged(done, &[("a", done)]).len(), 1);
    }
}
