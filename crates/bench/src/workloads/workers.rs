//! The working side: connections that batch poll, and connections that complete what they got.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use hyper::{StatusCode, Uri};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::arguments::{Arguments, UpdateRoute};
use crate::client::{Answer, Client, Target};
use crate::definitions::{Subject, Wake};
use crate::report::Measured;
use crate::tracker::{Field, Now};
use crate::wire::{PolledTask, completed_result, is_plain};

/// Pause after a failed call, so that a server that is down is not hammered.
pub(crate) const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How often a step that waits is looked for.
const WAKES_MAX: usize = 100;

/// The name all workers of the bench give.
const WORKER: &str = "fermata-bench";

/// How many workers, and how they ask. With update-v2 there are no pollers: each updater polls
/// for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crew {
    pub(crate) pollers: u16,
    pub(crate) updaters: u16,
    pub(crate) batch: u16,
    pub(crate) poll_timeout_ms: u16,
    pub(crate) update: UpdateRoute,
}

impl Crew {
    /// Workers that keep a server busy, as the arguments say.
    pub(crate) fn busy(arguments: &Arguments) -> Self {
        Self {
            pollers: arguments.pollers,
            updaters: arguments.updaters,
            batch: match arguments.update {
                UpdateRoute::Tasks => arguments.batch,
                UpdateRoute::UpdateV2 => 1,
            },
            poll_timeout_ms: arguments.poll_timeout_ms,
            update: arguments.update,
        }
    }

    /// The crew as it reads among the parameters of a workload.
    pub(crate) fn describe(&self, measured: &mut Measured) {
        measured.parameter(
            "update",
            match self.update {
                UpdateRoute::Tasks => "POST /api/tasks",
                UpdateRoute::UpdateV2 => "POST /api/tasks/update-v2",
            },
        );
        if self.update == UpdateRoute::Tasks {
            measured.parameter("pollers", self.pollers);
        }
        measured.parameter("updaters", self.updaters);
        measured.parameter("batch", self.batch);
        measured.parameter("poll timeout ms", self.poll_timeout_ms);
    }
}

/// A task in a worker's hands.
struct Job {
    run: Box<str>,
    /// The step to complete through the API once this task is.
    wakes: Option<Uri>,
    /// Whether its completion ends the run.
    is_last: bool,
    result: Bytes,
}

/// What all workers share.
struct Workshop {
    field: Arc<Field>,
    poll: Uri,
    poll_wait: Duration,
    update: Uri,
    /// The steps of the runs that were begun; tasks of their children have others.
    references: BTreeSet<String>,
    last_reference: String,
    wake: Option<Wake>,
    target: Arc<Target>,
}

/// Starts the workers; they work until the set is dropped.
pub(crate) fn launch(
    target: &Arc<Target>,
    subject: &Subject,
    field: &Arc<Field>,
    crew: Crew,
) -> anyhow::Result<JoinSet<()>> {
    let workshop = Arc::new(Workshop {
        field: Arc::clone(field),
        poll: target.uri(&format!(
            "/api/tasks/poll/batch/{}?workerid={WORKER}&count={}&timeout={}",
            subject.task_type, crew.batch, crew.poll_timeout_ms
        ))?,
        poll_wait: Duration::from_millis(u64::from(crew.poll_timeout_ms)),
        update: target.uri(match crew.update {
            UpdateRoute::Tasks => "/api/tasks",
            UpdateRoute::UpdateV2 => "/api/tasks/update-v2",
        })?,
        references: subject.references.iter().cloned().collect(),
        last_reference: subject.last_reference().to_owned(),
        wake: subject.wake,
        target: Arc::clone(target),
    });
    let mut workers = JoinSet::new();
    if crew.update == UpdateRoute::UpdateV2 {
        for _ in 0..crew.updaters {
            workers.spawn(Arc::clone(&workshop).work_alone(Client::new(Arc::clone(target))));
        }
        return Ok(workers);
    }
    // A poller that is ahead of the updaters waits here, with tasks already in its hands.
    let (jobs, queue) = mpsc::channel(usize::from(crew.batch));
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..crew.pollers {
        let client = Client::new(Arc::clone(target));
        workers.spawn(Arc::clone(&workshop).poll(client, jobs.clone()));
    }
    for _ in 0..crew.updaters {
        let client = Client::new(Arc::clone(target));
        workers.spawn(Arc::clone(&workshop).complete(client, Arc::clone(&queue)));
    }
    Ok(workers)
}

impl Workshop {
    /// Polls for the updaters.
    async fn poll(self: Arc<Self>, mut client: Client, jobs: mpsc::Sender<Job>) {
        let mut batch = Vec::new();
        loop {
            self.poll_patiently(&mut client, &mut batch).await;
            for job in batch.drain(..) {
                if jobs.send(job).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Completes what the pollers got.
    async fn complete(self: Arc<Self>, mut client: Client, queue: Arc<Mutex<mpsc::Receiver<Job>>>) {
        loop {
            let job = queue.lock().await.recv().await;
            let Some(job) = job else { return };
            self.complete_chain(&mut client, job).await;
        }
    }

    /// Works as the SDKs do with update-v2: the answer to a result brings the next task, and only
    /// who got none polls. A shared queue beside such chains would starve.
    async fn work_alone(self: Arc<Self>, mut client: Client) {
        let mut batch = Vec::new();
        loop {
            self.poll_patiently(&mut client, &mut batch).await;
            for job in batch.drain(..) {
                self.complete_chain(&mut client, job).await;
            }
        }
    }

    async fn poll_patiently(&self, client: &mut Client, batch: &mut Vec<Job>) {
        if let Err(error) = self.poll_once(client, batch).await {
            self.field.tracker().failed("poll", &error);
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }

    async fn poll_once(&self, client: &mut Client, batch: &mut Vec<Job>) -> anyhow::Result<()> {
        let answer = client.get(&self.poll, self.poll_wait).await?.accepted()?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let now = Now::read();
        let tasks: Vec<PolledTask<'_>> = serde_json::from_slice(&answer.body)?;
        for task in &tasks {
            batch.push(self.take(task, now)?);
        }
        Ok(())
    }

    /// Takes a task into the hands.
    fn take(&self, task: &PolledTask<'_>, now: Now) -> anyhow::Result<Job> {
        let run = task.workflow_instance_id.as_ref();
        ensure!(is_plain(run) && is_plain(&task.task_id), "ids of {task:?} are not plain");
        let reference = task.reference_task_name.as_ref();
        if self.references.contains(reference) {
            self.field.tracker().in_hands(run, now, task.scheduled_time);
        }
        let wakes = match self.wake {
            Some(wake) if wake.after == reference => Some(self.wake_uri(run, wake)?),
            _ => None,
        };
        Ok(Job {
            run: run.into(),
            wakes,
            is_last: reference == self.last_reference,
            result: completed_result(task, WORKER),
        })
    }

    fn wake_uri(&self, run: &str, wake: Wake) -> anyhow::Result<Uri> {
        self.target.uri(&format!("/api/tasks/{run}/{}/COMPLETED?workerid={WORKER}", wake.reference))
    }

    /// Completes a step that waits. Some servers answer a result before the next step is there.
    async fn wake(&self, client: &mut Client, uri: &Uri) {
        for _ in 0..WAKES_MAX {
            match client.post(uri, Bytes::from_static(b"{}")).await.and_then(Answer::accepted) {
                Ok(_) => return,
                Err(_) => tokio::time::sleep(AFTER_FAILURE).await,
            }
        }
        self.field.tracker().failed("wake", &anyhow::anyhow!("nothing waits at {uri}"));
    }

    /// Completes a task, and those that the answers bring.
    async fn complete_chain(&self, client: &mut Client, mut job: Job) {
        loop {
            match self.complete_one(client, job).await {
                Ok(Some(next)) => job = next,
                Ok(None) => return,
                Err(error) => {
                    self.field.tracker().failed("update", &error);
                    return;
                }
            }
        }
    }

    async fn complete_one(&self, client: &mut Client, job: Job) -> anyhow::Result<Option<Job>> {
        let answer = client.post(&self.update, job.result).await?.accepted()?;
        if let Some(uri) = &job.wakes {
            self.wake(client, uri).await;
        }
        if job.is_last {
            let ends = self.field.tracker().done(&job.run, Instant::now());
            self.field.settle(ends);
        }
        // `POST /api/tasks` answers with the task's id as text; only update-v2 answers an object.
        if answer.body.first() != Some(&b'{') {
            return Ok(None);
        }
        let task: PolledTask<'_> = serde_json::from_slice(&answer.body)?;
        self.take(&task, Now::read()).map(Some)
    }
}
