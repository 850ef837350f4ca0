//! The queue hub: the best durable queue rows in memory, and the polls that wait for them. No
//! I/O, no clock: what has to be read is asked for, time comes with each call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fermata_storage::QueueKey;
use fermata_types::{RunEpoch, TaskId, Timestamp};

use crate::mutant::{Mutant, Mutation};
use crate::queues::permits::{Grant, Permits};
use crate::queues::place::{Bounds, Place, key};
use crate::queues::queue::Queue;
use crate::queues::reading::{Ask, Found};

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

/// All queues of the process.
#[derive(Debug, Default)]
pub struct Hub {
    bounds: Bounds,
    permits: Arc<Permits>,
    mutation: Mutation,
    pub(super) queues: BTreeMap<Arc<str>, Queue>,
    /// When each queue has to move its next row.
    timers: BTreeSet<(Timestamp, Arc<str>)>,
    /// Queues that have to be read.
    reads: BTreeSet<Arc<str>>,
    /// Queues with waiters and rows but no permit, by type, in the order in which they are served.
    starved: BTreeMap<Arc<str>, VecDeque<Arc<str>>>,
    /// When a type's rate has room again.
    rates: BTreeSet<(Timestamp, Arc<str>)>,
    waiting_in: BTreeMap<WaiterId, Arc<str>>,
}

impl Hub {
    /// An empty hub that keeps that much in memory and asks there for permits.
    #[must_use]
    pub fn new(bounds: Bounds, permits: Arc<Permits>, mutation: Mutation) -> Self {
        Self { bounds, permits, mutation, ..Self::default() }
    }

    /// A row has become durable: ready now, or later.
    pub fn enqueue(&mut self, row: QueueKey, epoch: RunEpoch, now: Timestamp) -> Vec<HubOutput> {
        let name = self.name(&row.queue);
        let queue = self.queues.entry(name.clone()).or_default();
        // A row that is written over its like is counted once.
        queue.rows += usize::from(!queue.has((row.ready, row.shard)));
        queue.advance(now, self.bounds);
        queue.put((row.ready, row.shard), epoch, self.bounds);
        self.settle(&name, now)
    }

    /// A row that is counted already was found again, perhaps in somebody's hands.
    pub fn found(&mut self, row: &QueueKey, epoch: RunEpoch, now: Timestamp) -> Vec<HubOutput> {
        let name = self.name(&row.queue);
        let queue = self.queues.entry(name.clone()).or_default();
        queue.advance(now, self.bounds);
        queue.put((row.ready, row.shard), epoch, self.bounds);
        self.settle(&name, now)
    }

    /// A row that was handed out comes back: nobody has asked for its lease, or it did not happen.
    pub fn give_back(&mut self, row: &QueueKey, epoch: RunEpoch, now: Timestamp) -> Vec<HubOutput> {
        let permitted = self.permits.undo(row.ready.age);
        let mut served = self.found(row, epoch, now);
        served.extend(permitted.into_iter().flat_map(|name| self.woken(&name, now)));
        served
    }

    /// A row is gone.
    pub fn dequeue(&mut self, row: &QueueKey) {
        let Some((name, _)) = self.queues.get_key_value(row.queue.as_str()) else { return };
        let name = name.clone();
        if let Some(queue) = self.queues.get_mut(&name) {
            queue.rows = queue.rows.saturating_sub(1);
            queue.remove((row.ready, row.shard));
        }
        self.tidy(&name);
    }

    /// Takes up to `count` ready rows at once, as far as there are permits.
    pub fn take(&mut self, queue: &str, count: usize, now: Timestamp) -> Vec<(QueueKey, RunEpoch)> {
        let Some((name, _)) = self.queues.get_key_value(queue) else { return Vec::new() };
        let name = name.clone();
        let mut taken = Vec::new();
        while taken.len() < count {
            let Some((place, epoch)) = self.next(&name, now) else { break };
            taken.push((key(&name, place), epoch));
        }
        self.tidy(&name);
        taken
    }

    /// A poll that found nothing waits for one row; those who came first are served first. One
    /// whose lease was refused comes back to the front.
    pub fn wait(
        &mut self,
        queue: &str,
        waiter: WaiterId,
        is_back: bool,
        now: Timestamp,
    ) -> Vec<HubOutput> {
        let name = self.name(queue);
        let found = self.queues.entry(name.clone()).or_default();
        if is_back {
            found.waiters.push_front(waiter);
        } else {
            found.waiters.push_back(waiter);
        }
        self.waiting_in.insert(waiter, name.clone());
        self.settle(&name, now)
    }

    /// A poll has left.
    pub fn leave(&mut self, waiter: WaiterId) {
        let Some(name) = self.waiting_in.remove(&waiter) else { return };
        if let Some(queue) = self.queues.get_mut(&name) {
            queue.waiters.retain(|known| *known != waiter);
        }
        self.tidy(&name);
    }

    /// Moves delayed rows that are due, and wakes types whose rate has room again.
    pub fn tick(&mut self, now: Timestamp) -> Vec<HubOutput> {
        let mut served = Vec::new();
        while let Some((due, name)) = self.timers.first().cloned() {
            if due > now {
                break;
            }
            self.timers.remove(&(due, name.clone()));
            if let Some(queue) = self.queues.get_mut(&name) {
                queue.timer = None;
                queue.advance(now, self.bounds);
            }
            served.extend(self.settle(&name, now));
        }
        while let Some((due, task_type)) = self.rates.first().cloned() {
            if due > now {
                break;
            }
            self.rates.remove(&(due, task_type.clone()));
            served.extend(self.woken(&task_type, now));
        }
        served
    }

    /// When [`Self::tick`] has something to do.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(due, _)| *due);
        timer.into_iter().chain(self.rates.first().map(|(due, _)| *due)).min()
    }

    /// What has to be read next. Each is answered by [`Self::handle_read`].
    pub fn poll_read(&mut self) -> Option<Ask> {
        while let Some(name) = self.reads.pop_first() {
            let ask = self.queues.get_mut(&name).and_then(|queue| queue.ask(&name, self.bounds));
            if ask.is_some() {
                return ask;
            }
        }
        None
    }

    /// Whether [`Self::poll_read`] may have something.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        !self.reads.is_empty()
    }

    /// What was asked for has been read; `None` when it could not be.
    pub fn handle_read(
        &mut self,
        ask: &Ask,
        found: Option<Found>,
        now: Timestamp,
    ) -> Vec<HubOutput> {
        let name = self.name(&ask.queue);
        let Some(queue) = self.queues.get_mut(&name) else { return Vec::new() };
        match found {
            Some(mut found) => {
                if self.mutation.is(Mutant::RefillLosesRow) && !found.ready.is_empty() {
                    found.ready.remove(0);
                }
                queue.read(ask, found, self.bounds);
                queue.advance(now, self.bounds);
            }
            None => queue.not_read(),
        }
        self.settle(&name, now)
    }

    /// A task has left its worker's hands, durably, or was not leased after all.
    pub fn freed(&mut self, task: TaskId, now: Timestamp) -> Vec<HubOutput> {
        if self.mutation.is(Mutant::PermitNotFreed) {
            return Vec::new();
        }
        match self.permits.release(task) {
            Some(task_type) => self.woken(&task_type, now),
            None => Vec::new(),
        }
    }

    /// A task was not leased after all; it does not count for its type's rate either.
    pub fn unleased(&mut self, task: TaskId, now: Timestamp) -> Vec<HubOutput> {
        match self.permits.undo(task) {
            Some(task_type) => self.woken(&task_type, now),
            None => Vec::new(),
        }
    }

    /// The limits of a type may have changed, or one of its permits is free: serves the queues
    /// that lack permits, in turn.
    pub fn woken(&mut self, task_type: &str, now: Timestamp) -> Vec<HubOutput> {
        let mut served = Vec::new();
        let Some(queues) = self.starved.remove(task_type) else { return served };
        for name in queues {
            served.extend(self.settle(&name, now));
        }
        served
    }

    fn name(&self, queue: &str) -> Arc<str> {
        match self.queues.get_key_value(queue) {
            Some((name, _)) => name.clone(),
            None => Arc::from(queue),
        }
    }

    /// Takes the best row that there is a permit for.
    fn next(&mut self, name: &Arc<str>, now: Timestamp) -> Option<(Place, RunEpoch)> {
        loop {
            let queue = self.queues.get_mut(name)?;
            let place = queue.best()?;
            match self.permits.grant(name, place.0.age, now) {
                Grant::Yes => return queue.pop(),
                // Whoever has the task gives its row back or removes it.
                Grant::Held => drop(queue.pop()),
                Grant::Full(task_type) => {
                    self.starve(task_type, name);
                    return None;
                }
                Grant::Until(task_type, due) => {
                    self.rates.insert((due, task_type.clone()));
                    self.starve(task_type, name);
                    return None;
                }
            }
        }
    }

    fn starve(&mut self, task_type: Arc<str>, name: &Arc<str>) {
        let starved = self.starved.entry(task_type).or_default();
        if !starved.contains(name) {
            starved.push_back(name.clone());
        }
    }

    /// Gives rows to those who wait, then sees to the queue's timer and reads.
    fn settle(&mut self, name: &Arc<str>, now: Timestamp) -> Vec<HubOutput> {
        let mut served = Vec::new();
        while self.queues.get(name).is_some_and(|queue| !queue.waiters.is_empty()) {
            let Some((place, epoch)) = self.next(name, now) else { break };
            let Some(queue) = self.queues.get_mut(name) else { break };
            let Some(waiter) = queue.waiters.pop_front() else { break };
            self.waiting_in.remove(&waiter);
            served.push(HubOutput { waiter, key: key(name, place), epoch });
        }
        self.tidy(name);
        served
    }

    /// Sets the queue's timer, asks for a read if it needs one, and forgets it if it is unused.
    fn tidy(&mut self, name: &Arc<str>) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        let due = queue.due();
        if queue.timer != due {
            if let Some(before) = queue.timer {
                self.timers.remove(&(before, name.clone()));
            }
            if let Some(due) = due {
                self.timers.insert((due, name.clone()));
            }
            queue.timer = due;
        }
        if queue.wants_read(self.bounds) {
            self.reads.insert(name.clone());
        }
        if queue.is_unused() {
            self.queues.remove(name);
        }
    }
}
