//! Polls: a worker's request for leases.

use std::sync::Arc;
use std::time::Duration;

use fermata_decider::run::Task;
use fermata_decider::{Command, Run};
use fermata_storage::QueueKey;
use fermata_types::{Payload, RunEpoch, TaskId, Timestamp};
use tokio::sync::oneshot;

use crate::engine::handle::Engine;
use crate::payloads;
use crate::queues::PollData;
use crate::queues::waiting::Handed;
use crate::shard::request::{Answer, Failure, Leased, Request, Wait};

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct PollRequest {
    /// The task type.
    pub task_type: String,
    /// The domain; none for the queue without one.
    pub domain: Option<String>,
    /// Who asks.
    pub worker: Option<String>,
    /// At most that many tasks.
    pub count: usize,
    /// How long to wait for the first.
    pub timeout: Duration,
}

/// A leased task.
#[derive(Debug, Clone)]
pub struct Polled {
    /// Its run, without tasks.
    pub run: Arc<Run>,
    /// The task as leased.
    pub task: Task,
    /// Its input.
    pub input: Payload,
}

/// A lease in the hands of a poll: undone unless the poll gets to answer.
struct InHand {
    engine: Engine,
    leased: Option<TaskId>,
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Some(task) = self.leased.take() {
            let command = Command::Return { task: task.number() };
            let run = task.run();
            self.engine.tell(run, Request::Run { run, command, wait: Wait::Durable });
        }
    }
}

/// A lease under way.
struct Leasing {
    hand: InHand,
    row: (QueueKey, RunEpoch),
    answer: oneshot::Receiver<Answer>,
}

impl Engine {
    /// Leases up to `count` ready tasks; waits for the first if there is none, at most `timeout`.
    /// Answers what is ready at once, never waits to fill the batch. A poll whose future is
    /// dropped gives back what it holds.
    pub async fn poll(&self, request: &PollRequest) -> Vec<Polled> {
        self.note_poll(request);
        let queue = fermata_decider::run::plan::queueing::queue_name(
            &request.task_type,
            request.domain.as_deref(),
        );
        let until = self.now().after(fermata_types::Span::from_ms(
            i64::try_from(request.timeout.as_millis()).unwrap_or(i64::MAX),
        ));
        let mut is_back = false;
        loop {
            if self.is_read_only() {
                // Leases need space as well; a worker that has taken nothing loses nothing.
                let mut space = self.space().subscribe();
                let is_back = space.wait_for(|is_full| !*is_full);
                if tokio::time::timeout(left(until, self.now()), is_back).await.is_err() {
                    return Vec::new();
                }
            }
            let mut handed = self.room().take(&queue, request.count);
            if handed.is_empty() {
                let left = left(until, self.now());
                if left.is_zero() {
                    return Vec::new();
                }
                let Some(one) = self.room().wait(&queue, left, is_back).await else {
                    return Vec::new();
                };
                handed.push(one);
                handed.extend(self.room().take(&queue, request.count.saturating_sub(1)));
            }
            let (polled, failure) = self.lease(handed, request).await;
            if !polled.is_empty() {
                return polled;
            }
            // A row that proved stale is gone, so looking again ends. One whose shard failed is
            // still the best of its queue: it must not be taken again and again.
            if let Some(failure) = failure
                && (failure != Failure::StorageFull || left(until, self.now()).is_zero())
            {
                return Vec::new();
            }
            is_back = true;
        }
    }

    fn note_poll(&self, request: &PollRequest) {
        self.polls().note(PollData {
            task_type: request.task_type.clone(),
            domain: request.domain.clone(),
            worker: request.worker.clone(),
            at: self.now(),
        });
    }

    /// What was leased, and why something was not though its row is still there.
    async fn lease(
        &self,
        handed: Vec<Handed>,
        request: &PollRequest,
    ) -> (Vec<Polled>, Option<Failure>) {
        let mut failed = None;
        let mut leasing = Vec::with_capacity(handed.len());
        for handed in handed {
            let Some(row) = handed.row().cloned() else { continue };
            let (key, epoch) = row.clone();
            let task = key.ready.age;
            let lease = Request::Lease { key, epoch, worker: request.worker.clone() };
            // Until the shard has the request the row is in hand, and goes back if the poll ends.
            let Some(answer) = self.send(task.run(), lease).await else {
                failed = Some(Failure::Stopping);
                continue;
            };
            handed.leave();
            let hand = InHand { engine: self.clone(), leased: Some(task) };
            leasing.push(Leasing { hand, row, answer });
        }
        let mut held = Vec::with_capacity(leasing.len());
        for Leasing { mut hand, row, answer } in leasing {
            match answer.await {
                Ok(Answer::Leased(leased)) => held.push((hand, self.polled(*leased))),
                Ok(Answer::Failed(failure)) => {
                    failed = Some(failure);
                    // Nothing was leased and the row is still there.
                    hand.leased = None;
                    self.room().give_back(&row.0, row.1);
                }
                // Stale or gone.
                _ => hand.leased = None,
            }
        }
        let polled = held.into_iter().map(|(mut hand, polled)| {
            hand.leased = None;
            polled
        });
        (polled.collect(), failed)
    }

    fn polled(&self, leased: Leased) -> Polled {
        let name = (leased.run.id, leased.task.input);
        let input = leased.input.unwrap_or_else(|| {
            payloads::read(self.store(), name).ok().flatten().unwrap_or_else(Payload::null)
        });
        Polled { run: leased.run, task: leased.task, input }
    }
}

fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.since(now).as_ms()).unwrap_or(0))
}
