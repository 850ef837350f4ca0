//! The queue hub: durable queue rows in memory, best first, and the polls that wait for them. No
//! I/O, no clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fermata_storage::{QueueKey, Ready};
use fermata_types::{RunEpoch, ShardId, Timestamp};

/// Names a waiting poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaiterId(pub u64);

/// A row handed to a waiter, who has to lease it or give it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOutput {
    /// Who.
    pub waiter: WaiterId,
    /// The row.
    pub key: QueueKey,
    /// Its run epoch.
    pub epoch: RunEpoch,
}

#[derive(Debug, Default)]
struct Queue {
    ready: BTreeMap<(Ready, ShardId), RunEpoch>,
    waiters: VecDeque<WaiterId>,
    delayed: usize,
}

impl Queue {
    fn is_unused(&self) -> bool {
        self.ready.is_empty() && self.waiters.is_empty() && self.delayed == 0
    }
}

/// All queues of the process.
#[derive(Debug, Default)]
pub struct Hub {
    queues: BTreeMap<String, Queue>,
    delayed: BTreeMap<(Timestamp, QueueKey), RunEpoch>,
    waiting_in: BTreeMap<WaiterId, String>,
}

impl Hub {
    /// A row is durable: ready now, or later.
    pub fn enqueue(&mut self, key: QueueKey, epoch: RunEpoch, now: Timestamp) -> Option<HubOutput> {
        let queue = self.queues.entry(key.queue.clone()).or_default();
        if key.ready.due > now {
            if self.delayed.insert((key.ready.due, key), epoch).is_none() {
                queue.delayed += 1;
            }
            return None;
        }
        queue.ready.insert((key.ready, key.shard), epoch);
        self.serve(&key.queue)
    }

    /// A row is gone other than by a lease.
    pub fn dequeue(&mut self, key: &QueueKey) {
        let was_delayed = self.delayed.remove(&(key.ready.due, key.clone())).is_some();
        if let Some(queue) = self.queues.get_mut(&key.queue) {
            if was_delayed {
                queue.delayed = queue.delayed.saturating_sub(1);
            }
            queue.ready.remove(&(key.ready, key.shard));
            if queue.is_unused() {
                self.queues.remove(&key.queue);
            }
        }
    }

    /// Takes up to `count` ready rows at once.
    pub fn take(&mut self, queue: &str, count: usize) -> Vec<(QueueKey, RunEpoch)> {
        let Some(found) = self.queues.get_mut(queue) else { return Vec::new() };
        let mut taken = Vec::new();
        while taken.len() < count {
            let Some(((ready, shard), epoch)) = found.ready.pop_first() else { break };
            taken.push((QueueKey { shard, queue: queue.to_owned(), ready }, epoch));
        }
        taken
    }

    /// A poll that found nothing waits for one row; those who came first are served first. One
    /// whose lease was refused comes back to the front.
    pub fn wait(&mut self, queue: &str, waiter: WaiterId, is_back: bool) -> Option<HubOutput> {
        let found = self.queues.entry(queue.to_owned()).or_default();
        if is_back {
            found.waiters.push_front(waiter);
        } else {
            found.waiters.push_back(waiter);
        }
        self.waiting_in.insert(waiter, queue.to_owned());
        self.serve(queue)
    }

    /// A poll has left.
    pub fn leave(&mut self, waiter: WaiterId) {
        let Some(name) = self.waiting_in.remove(&waiter) else { return };
        if let Some(queue) = self.queues.get_mut(&name) {
            queue.waiters.retain(|known| *known != waiter);
            if queue.is_unused() {
                self.queues.remove(&name);
            }
        }
    }

    /// Moves delayed rows that are due to their queues.
    pub fn tick(&mut self, now: Timestamp) -> Vec<HubOutput> {
        let mut served = Vec::new();
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, key), epoch) = entry.remove_entry();
            if let Some(queue) = self.queues.get_mut(&key.queue) {
                queue.delayed = queue.delayed.saturating_sub(1);
                queue.ready.insert((key.ready, key.shard), epoch);
            }
            served.extend(self.serve(&key.queue));
        }
        served
    }

    /// When the next delayed row is due.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.delayed.first_key_value().map(|((due, _), _)| *due)
    }

    fn serve(&mut self, name: &str) -> Option<HubOutput> {
        let queue = self.queues.get_mut(name)?;
        if queue.waiters.is_empty() {
            return None;
        }
        let ((ready, shard), epoch) = queue.ready.pop_first()?;
        let waiter = queue.waiters.pop_front()?;
        self.waiting_in.remove(&waiter);
        let key = QueueKey { shard, queue: name.to_owned(), ready };
        Some(HubOutput { waiter, key, epoch })
    }

    /// Rows in a queue, delayed ones included.
    #[must_use]
    pub fn size(&self, queue: &str) -> usize {
        self.queues.get(queue).map_or(0, |queue| queue.ready.len() + queue.delayed)
    }

    /// Name and size of each queue that has rows, by name.
    #[must_use]
    pub fn sizes(&self) -> Vec<(String, usize)> {
        self.queues
            .iter()
            .map(|(name, queue)| (name.clone(), queue.ready.len() + queue.delayed))
            .filter(|(_, size)| *size > 0)
            .collect()
    }

    /// Every row the hub knows; for audits and invariants.
    #[must_use]
    pub fn rows(&self) -> BTreeSet<QueueKey> {
        let ready = self.queues.iter().flat_map(|(name, queue)| {
            queue.ready.keys().map(move |(ready, shard)| QueueKey {
                shard: *shard,
                queue: name.clone(),
                ready: *ready,
            })
        });
        ready.chain(self.delayed.keys().map(|(_, key)| key.clone())).collect()
    }
}
