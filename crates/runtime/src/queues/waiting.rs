//! The hub behind a lock, and the polls that wait in it. The lock is held for map operations
//! only, never across an await.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fermata_storage::{QueueKey, Store};
use fermata_types::{RunEpoch, TaskId, Timestamp};
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::queues::hub::{Hub, HubOutput, WaiterId};
use crate::queues::reading;

/// Polls that may wait at once; further ones find nothing.
const WAITERS_MAX: usize = 100_000;
/// How long to leave the store alone after it could not be read.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The hub of the process.
#[derive(Clone)]
pub struct WaitingRoom {
    inner: Arc<Mutex<Inner>>,
    /// Rung when the next timer is another one.
    earlier: Arc<Notify>,
    /// Rung when a queue has to be read.
    reads: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

struct Inner {
    hub: Hub,
    next: u64,
    seats: BTreeMap<WaiterId, oneshot::Sender<Handed>>,
}

/// A row in a poller's hands: it goes back to its queue when it is dropped before it is leased,
/// for instance because the poller has gone.
pub struct Handed {
    row: Option<(QueueKey, RunEpoch)>,
    room: WaitingRoom,
}

impl Handed {
    /// The row and its run epoch.
    #[must_use]
    pub const fn row(&self) -> Option<&(QueueKey, RunEpoch)> {
        self.row.as_ref()
    }

    /// The row has left the queue for good.
    pub fn leave(mut self) {
        self.row = None;
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some((key, epoch)) = self.row.take() {
            self.room.give_back(&key, epoch);
        }
    }
}

impl WaitingRoom {
    /// A room around a hub.
    #[must_use]
    pub fn new(hub: Hub, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner { hub, next: 0, seats: BTreeMap::new() };
        let inner = Arc::new(Mutex::new(inner));
        Self { inner, earlier: Arc::default(), reads: Arc::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the hub, hands out what it serves, and rings for its timers and reads.
    fn change(&self, body: impl FnOnce(&mut Hub, Timestamp) -> Vec<HubOutput>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let before = inner.hub.poll_deadline();
        let served = body(&mut inner.hub, now);
        inner.hand(self, served, now);
        self.ring(inner, before);
    }

    fn ring(&self, inner: MutexGuard<'_, Inner>, before: Option<Timestamp>) {
        let is_other = inner.hub.poll_deadline() != before;
        let wants_read = inner.hub.wants_read();
        drop(inner);
        if is_other {
            self.earlier.notify_one();
        }
        if wants_read {
            self.reads.notify_one();
        }
    }

    /// A row has become durable.
    pub fn enqueue(&self, key: QueueKey, epoch: RunEpoch) {
        self.change(|hub, now| hub.enqueue(key, epoch, now));
    }

    /// A row that was handed out comes back.
    pub fn give_back(&self, key: &QueueKey, epoch: RunEpoch) {
        self.change(|hub, now| hub.give_back(key, epoch, now));
    }

    /// A row that was known before was found again.
    pub fn found(&self, key: &QueueKey, epoch: RunEpoch) {
        self.change(|hub, now| hub.found(key, epoch, now));
    }

    /// A row is gone.
    pub fn dequeue(&self, key: &QueueKey) {
        self.change(|hub, _| {
            hub.dequeue(key);
            Vec::new()
        });
    }

    /// A task of a limited type is in no worker's hands any more.
    pub fn freed(&self, task: TaskId) {
        self.change(|hub, now| hub.freed(task, now));
    }

    /// A task of a limited type was not leased after all.
    pub fn unleased(&self, task: TaskId) {
        self.change(|hub, now| hub.unleased(task, now));
    }

    /// The limits of a type may have changed.
    pub fn woken(&self, task_type: &str) {
        self.change(|hub, now| hub.woken(task_type, now));
    }

    /// Takes up to `count` ready rows.
    #[must_use]
    pub fn take(&self, queue: &str, count: usize) -> Vec<Handed> {
        let mut taken = Vec::new();
        self.change(|hub, now| {
            taken = hub.take(queue, count, now);
            Vec::new()
        });
        taken.into_iter().map(|row| Handed { row: Some(row), room: self.clone() }).collect()
    }

    /// Waits for one row, at most that long. A row handed over at the last moment goes back.
    pub async fn wait(&self, queue: &str, timeout: Duration, is_back: bool) -> Option<Handed> {
        let (seat, mut handed) = {
            let mut inner = self.lock();
            if inner.seats.len() >= WAITERS_MAX {
                return None;
            }
            inner.next += 1;
            let id = WaiterId(inner.next);
            let (sender, receiver) = oneshot::channel();
            inner.seats.insert(id, sender);
            let now = self.clock.now();
            let before = inner.hub.poll_deadline();
            let served = inner.hub.wait(queue, id, is_back, now);
            inner.hand(self, served, now);
            self.ring(inner, before);
            (Seat { room: self.clone(), id }, receiver)
        };
        let outcome = tokio::time::timeout(timeout, &mut handed).await;
        drop(seat);
        match outcome {
            Ok(handed) => handed.ok(),
            // Between the end of the time and leaving the seat a row may have come.
            Err(_) => handed.try_recv().ok(),
        }
    }

    /// Moves delayed rows when they are due and wakes limited types when their time has come,
    /// until the process stops.
    pub async fn run_timers(self) {
        loop {
            let due = self.lock().hub.poll_deadline();
            let now = self.clock.now();
            match due {
                None => self.earlier.notified().await,
                Some(due) if due > now => {
                    let wait = due.since(now).as_ms().try_into().unwrap_or(0);
                    let sleep = tokio::time::sleep(Duration::from_millis(wait));
                    tokio::select! {
                        () = self.earlier.notified() => {}
                        () = sleep => {}
                    }
                }
                Some(_) => self.change(Hub::tick),
            }
        }
    }

    /// Reads rows of queues whose memory has run low, of that many shards, until the process
    /// stops. The store is read on a thread that may block, under no lock.
    pub async fn run_reads(self, store: Arc<dyn Store>, shards: u16) {
        loop {
            let ask = self.lock().hub.poll_read();
            let Some(ask) = ask else {
                self.reads.notified().await;
                continue;
            };
            let (store, asked) = (store.clone(), ask.clone());
            let work = tokio::task::spawn_blocking(move || reading::read(&*store, shards, &asked));
            let found = match work.await {
                Ok(Ok(found)) => Some(found),
                Ok(Err(error)) => {
                    tracing::error!(%error, queue = ask.queue, "cannot read a queue");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    None
                }
                // The runtime is going down.
                Err(_) => return,
            };
            self.change(|hub, now| hub.handle_read(&ask, found, now));
        }
    }

    /// Reads the hub.
    pub fn read<T>(&self, body: impl FnOnce(&Hub) -> T) -> T {
        body(&self.lock().hub)
    }
}

impl Inner {
    /// Hands rows to their waiters; one who has left gives it back to the next.
    fn hand(&mut self, room: &WaitingRoom, served: Vec<HubOutput>, now: Timestamp) {
        let mut served = VecDeque::from(served);
        while let Some(output) = served.pop_front() {
            let Some(seat) = self.seats.remove(&output.waiter) else {
                served.extend(self.hub.give_back(&output.key, output.epoch, now));
                continue;
            };
            let row = Some((output.key, output.epoch));
            if let Err(mut back) = seat.send(Handed { row, room: room.clone() })
                && let Some((key, epoch)) = back.row.take()
            {
                served.extend(self.hub.give_back(&key, epoch, now));
            }
        }
    }
}

/// A place in the room; leaving it takes the waiter out of its queue.
struct Seat {
    room: WaitingRoom,
    id: WaiterId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.room.lock();
        inner.seats.remove(&self.id);
        inner.hub.leave(self.id);
    }
}
