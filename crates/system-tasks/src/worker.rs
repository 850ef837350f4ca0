//! Poll, carry out, report. Each place is a loop of its own that has one task at a time: it waits
//! at the hub as any poll does, so nothing is asked twice and nothing is asked in vain.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::Command;
use fermata_decider::command::TaskUpdate;
use fermata_decider::run::decide::Reply;
use fermata_decider::task_kinds::inside;
use fermata_runtime::engine::{PollRequest, Polled};
use fermata_runtime::shard::request::{Failure, Wait};
use fermata_runtime::tasks::TaskSet;
use fermata_runtime::{Engine, EngineError, metrics};
use fermata_types::{RunId, Span, TaskNumber};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, watch};

use crate::secrets::Secrets;
use crate::task::{Ended, Outcome, SystemTask, Work};

/// How long one poll waits before it is noted again.
const POLL: Duration = Duration::from_secs(60);
/// Times a result is offered that the engine cannot take at the moment.
const OFFERS_MAX: u32 = 10;
/// Longest time between two offers.
const OFFER_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Shortest time between two signs of life of one attempt.
const SIGN_OF_LIFE_MIN: Duration = Duration::from_millis(500);

/// Sizes of the inside worker.
#[derive(Debug, Clone)]
pub struct Config {
    /// Attempts at once, of each type.
    pub places: usize,
    /// The worker's name, as tasks show it.
    pub name: String,
    /// Secrets that inputs may name.
    pub secrets: Secrets,
}

impl Default for Config {
    fn default() -> Self {
        Self { places: 64, name: "fermata".to_owned(), secrets: Secrets::default() }
    }
}

/// How far stopping has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Working,
    /// Attempts are finished, no new ones begun.
    Finishing,
    /// Attempts are cut short.
    Cutting,
}

/// The inside worker.
pub struct Workers {
    phase: watch::Sender<Phase>,
    /// Ends when the last place does.
    ended: Mutex<mpsc::Receiver<()>>,
    /// Ends the places when it is dropped.
    _tasks: Places,
}

impl Workers {
    /// Begins to work. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(engine: &Engine, types: Vec<Arc<dyn SystemTask>>, config: &Config) -> Self {
        let (phase, phases) = watch::channel(Phase::Working);
        let (ending, ended) = mpsc::channel(1);
        let mut tasks = TaskSet::default();
        for kind in types {
            for _ in 0..config.places {
                let place = Place {
                    engine: engine.clone(),
                    kind: kind.clone(),
                    config: config.clone(),
                    phases: phases.clone(),
                };
                let ending = ending.clone();
                tasks.spawn("inside worker", async move {
                    place.run().await;
                    drop(ending);
                });
            }
        }
        Self { phase, ended: Mutex::new(ended), _tasks: Places(tasks) }
    }

    /// Begins no more attempts; those under way go on.
    pub fn finish(&self) {
        self.phase.send_replace(Phase::Finishing);
    }

    /// Gives attempts under way so much time, cuts the others short, and puts their tasks back
    /// into the queue, so that the next server makes the attempt again. The engine must still be
    /// running.
    pub async fn stop(&self, limit: Duration) {
        self.finish();
        let mut ended = self.ended.lock().await;
        if tokio::time::timeout(limit, ended.recv()).await.is_err() {
            tracing::warn!("some tasks of the server were cut short and are begun again later");
            self.phase.send_replace(Phase::Cutting);
            if tokio::time::timeout(limit, ended.recv()).await.is_err() {
                tracing::warn!("some tasks of the server are left to their response timeouts");
            }
        }
    }
}

/// The loops of all places.
struct Places(TaskSet);

impl Drop for Places {
    fn drop(&mut self) {
        self.0.abort_all();
    }
}

/// One place: one attempt at a time.
struct Place {
    engine: Engine,
    kind: Arc<dyn SystemTask>,
    config: Config,
    phases: watch::Receiver<Phase>,
}

/// A leased task.
struct Task {
    run: RunId,
    number: TaskNumber,
    /// Time between signs of life; none when the attempt is not held to them.
    sign_of_life: Option<Duration>,
}

impl Place {
    async fn run(mut self) {
        let request = PollRequest {
            task_type: self.kind.task_type().to_owned(),
            domain: None,
            worker: Some(self.config.name.clone()),
            count: 1,
            timeout: POLL,
        };
        loop {
            let engine = self.engine.clone();
            let polled = tokio::select! {
                biased;
                // A poll that is dropped gives back what it holds.
                () = reached(&mut self.phases, Phase::Finishing) => return,
                polled = engine.poll(&request) => polled,
            };
            for polled in polled {
                self.serve(&polled).await;
            }
        }
    }

    async fn serve(&mut self, polled: &Polled) {
        let step = polled.run.step_of(&polled.task);
        let timeout = step.policy.response_timeout;
        let task = Task {
            run: polled.run.id,
            number: polled.task.number,
            sign_of_life: (timeout > Span::ZERO).then(|| {
                let half = u64::try_from(timeout.as_ms() / 2).unwrap_or(0);
                Duration::from_millis(half).max(SIGN_OF_LIFE_MIN)
            }),
        };
        let shown = polled.input.to_value();
        // A worker's task that happens to have this type would be queued again and again.
        let is_async_complete = step.inside
            && shown.get(inside::ASYNC_COMPLETE).and_then(Value::as_bool).unwrap_or(false);
        let input = self.config.secrets.fill(&shown);
        let work = Work { shown, input, is_async_complete };
        let kind = self.kind.clone();
        let mut phases = self.phases.clone();
        let outcome = tokio::select! {
            outcome = kind.attempt(&work) => outcome,
            () = self.alive(&task) => return,
            () = reached(&mut phases, Phase::Cutting) => {
                self.give_back(&task).await;
                return;
            }
        };
        let metrics = self.engine.metrics();
        metrics::count(match outcome.ended {
            Ended::Completed => &metrics.inside_completed,
            Ended::Refused => &metrics.inside_refused,
            Ended::Unanswered => &metrics.inside_unanswered,
            Ended::Invalid => &metrics.inside_invalid,
        });
        self.report(&task, outcome).await;
    }

    /// Gives signs of life until the task has ended otherwise.
    async fn alive(&self, task: &Task) {
        let Some(pause) = task.sign_of_life else { return std::future::pending().await };
        loop {
            tokio::time::sleep(pause).await;
            let command = Command::ExtendLease { task: task.number };
            match self.engine.command(task.run, command, Wait::Durable).await {
                Ok(Reply::Unchanged(_)) | Err(EngineError::NoSuchRun(_)) => return,
                _ => {}
            }
        }
    }

    async fn give_back(&self, task: &Task) {
        let command = Command::Return { task: task.number };
        if let Err(error) = self.engine.command(task.run, command, Wait::Durable).await {
            self.note(task, &error, "a task could not be put back and waits for its timeout");
        }
    }

    /// Reports a result; offers it again while the engine cannot take it.
    async fn report(&mut self, task: &Task, outcome: Outcome) {
        let update = TaskUpdate {
            task: task.number,
            status: outcome.status,
            output: outcome.output,
            reason: outcome.reason,
            worker: Some(self.config.name.clone()),
            callback_after: Span::ZERO,
            logs: Vec::new(),
        };
        let mut pause = Duration::from_millis(250);
        for _ in 0..OFFERS_MAX {
            let error = match self.engine.update(task.run, update.clone()).await {
                // A run that is gone needs no result.
                Ok(_) | Err(EngineError::NoSuchRun(_)) => return,
                Err(error) => error,
            };
            if !matches!(error, EngineError::Failed(Failure::StorageFull | Failure::Overloaded)) {
                self.note(task, &error, "a result was not taken; the task waits for its timeout");
                return;
            }
            pause = (pause * 2).min(OFFER_PAUSE_MAX);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = reached(&mut self.phases, Phase::Cutting) => return,
            }
        }
    }

    fn note(&self, task: &Task, error: &EngineError, what: &str) {
        let (task_type, id) = (self.kind.task_type(), task.run.task(task.number));
        let error: &dyn std::error::Error = error;
        tracing::warn!(task_type, task = %id, error, "{what}");
    }
}

/// Waits until stopping has gone that far.
async fn reached(phases: &mut watch::Receiver<Phase>, phase: Phase) {
    // Without its sender the worker is gone altogether.
    let _ = phases.wait_for(|now| *now >= phase).await;
}
