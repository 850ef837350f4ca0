//! The one thread that commits: takes what is waiting, one sync, tells the shards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fermata_storage::{Batch, CommitError, ReadError, RowKey, ShardRowKey, Store};
use fermata_types::{BatchNumber, ShardId};
use tokio::sync::{Notify, mpsc};

use crate::commit::grouping::Grouping;
use crate::metrics::{self, Metrics};
use crate::mutant::Mutant;
use crate::shard::StagedBatch;
use crate::shard::request::Failure;

/// Batches that may wait for the committer; shards wait beyond it.
pub const QUEUE_BATCHES: usize = 1024;

/// How a shard hears of its commits: a number that goes up, and a bell.
#[derive(Debug, Default)]
pub struct CommitBell {
    durable: AtomicU64,
    /// 0 while all is well; set once when a batch was refused, until the shard has started anew.
    refused: AtomicU64,
    /// How often the shard has started anew.
    life: AtomicU64,
    bell: Notify,
}

impl CommitBell {
    /// The last durable batch.
    #[must_use]
    pub fn durable(&self) -> BatchNumber {
        BatchNumber(self.durable.load(Ordering::Acquire))
    }

    /// Waits for the next ring.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Why batches are refused, if they are.
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        match self.refused.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Failure::StorageFull),
            _ => Some(Failure::Fenced),
        }
    }

    /// The shard has dropped its states: batches are taken again, but none that was decided on
    /// the states it dropped and is still on its way.
    pub fn reset(&self) {
        self.life.fetch_add(1, Ordering::AcqRel);
        self.refused.store(0, Ordering::Release);
    }

    fn life(&self) -> u64 {
        self.life.load(Ordering::Acquire)
    }

    fn committed(&self, number: BatchNumber) {
        self.durable.store(number.0, Ordering::Release);
        self.bell.notify_one();
    }

    fn refuse(&self, failure: Failure) {
        let code = if failure == Failure::StorageFull { 1 } else { 2 };
        self.refused.store(code, Ordering::Release);
        self.bell.notify_one();
    }
}

/// A batch on its way, with its shard's bell.
pub struct Submission {
    /// The batch.
    pub staged: StagedBatch,
    /// Its shard's bell.
    pub bell: Arc<CommitBell>,
    /// The life of the shard it was decided in.
    life: u64,
}

impl Submission {
    /// A batch of the shard's present life.
    #[must_use]
    pub fn new(staged: StagedBatch, bell: Arc<CommitBell>) -> Self {
        let life = bell.life();
        Self { staged, bell, life }
    }

    /// Whether the shard still has the states that the batch was decided on.
    fn is_current(&self) -> bool {
        self.bell.refusal().is_none() && self.life == self.bell.life()
    }
}

/// What to do when the outcome of a commit is unknown: the process must stop and recover.
pub type Poisoned = Box<dyn Fn(&CommitError) + Send>;

/// The committing thread's end.
pub struct Committer {
    store: Arc<dyn Store>,
    queue: mpsc::Receiver<Submission>,
    metrics: Arc<crate::shard::machine::Shared>,
    poisoned: Poisoned,
}

impl Committer {
    /// A committer and the queue into it.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        shared: Arc<crate::shard::machine::Shared>,
        poisoned: Poisoned,
    ) -> (Self, mpsc::Sender<Submission>) {
        let (sender, queue) = mpsc::channel(QUEUE_BATCHES);
        (Self { store, queue, metrics: shared, poisoned }, sender)
    }

    /// Commits until all senders are gone. Blocks; has a thread of its own.
    pub fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let group = self.gather(first);
            if !self.commit(group) {
                return;
            }
        }
    }

    fn gather(&mut self, first: Submission) -> Vec<Submission> {
        let mut size = Grouping::default();
        size.add(&first.staged.batch);
        let mut group = vec![first];
        while !size.is_full() {
            let Ok(next) = self.queue.try_recv() else { break };
            size.add(&next.staged.batch);
            group.push(next);
        }
        let goes_on = self.metrics.mutation.is(Mutant::RefusedStateGoesOn);
        group.retain(|submission| goes_on || submission.is_current());
        group
    }

    /// False when the store is poisoned.
    fn commit(&self, group: Vec<Submission>) -> bool {
        let counters: &Metrics = &self.metrics.metrics;
        let (numbers, batches): (Vec<_>, Vec<Batch>) = group
            .into_iter()
            .map(|item| ((item.staged.number, item.bell), item.staged.batch))
            .unzip();
        if batches.is_empty() {
            return true;
        }
        let outcome = if self.metrics.space.is_full() {
            // Whatever still comes reads, or makes room.
            self.store.commit_from_reserve(&batches)
        } else {
            self.store.commit(&batches)
        };
        match outcome {
            Ok(_) => {
                metrics::count(&counters.commits);
                metrics::add(&counters.batches, batches.len());
                for (number, bell) in numbers {
                    bell.committed(number);
                }
                self.can_go_on(&batches)
            }
            Err(error @ (CommitError::StorageFull | CommitError::TooLarge { .. })) => {
                if matches!(error, CommitError::StorageFull) {
                    self.metrics.space.fill();
                } else {
                    tracing::error!(%error, "nothing of the group was written");
                }
                refuse_all(&numbers, Failure::StorageFull);
                true
            }
            Err(CommitError::Fenced { shard }) => {
                self.fenced(shard, numbers, batches);
                true
            }
            Err(error) => {
                (self.poisoned)(&error);
                false
            }
        }
    }

    /// A store may fail behind a durable group, when it makes its next segment. It answers no read
    /// then, so the process stops now, not at its next write.
    fn can_go_on(&self, batches: &[Batch]) -> bool {
        let Some(batch) = batches.first() else { return true };
        let key = RowKey::Shard(ShardRowKey { shard: batch.shard });
        let is_poisoned = matches!(self.store.get(&key), Err(ReadError::Poisoned));
        if is_poisoned {
            (self.poisoned)(&CommitError::Poisoned);
        }
        !is_poisoned
    }

    /// The fenced shard's batches are refused; the others are sent again.
    fn fenced(
        &self,
        shard: ShardId,
        numbers: Vec<(BatchNumber, Arc<CommitBell>)>,
        batches: Vec<Batch>,
    ) {
        tracing::error!(%shard, "another server owns the shard");
        let mut rest = Vec::new();
        for ((number, bell), batch) in numbers.into_iter().zip(batches) {
            if batch.shard == shard {
                bell.refuse(Failure::Fenced);
            } else {
                rest.push(Submission::new(StagedBatch { number, batch }, bell));
            }
        }
        self.commit(rest);
    }
}

fn refuse_all(numbers: &[(BatchNumber, Arc<CommitBell>)], failure: Failure) {
    for (_, bell) in numbers {
        bell.refuse(failure);
    }
}
