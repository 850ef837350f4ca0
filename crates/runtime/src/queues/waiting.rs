//! The hub behind a lock, and the polls that wait in it. The lock is held for map operations
//! only, never across an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fermata_storage::QueueKey;
use fermata_types::{RunEpoch, Timestamp};
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::queues::hub::{Hub, HubOutput, WaiterId};

/// Polls that may wait at once; further ones find nothing.
const WAITERS_MAX: usize = 100_000;

/// The hub of the process.
#[derive(Clone)]
pub struct WaitingRoom {
    inner: Arc<Mutex<Inner>>,
    /// Rung when an earlier delayed row came in.
    earlier: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
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
            self.room.enqueue(key, epoch);
        }
    }
}

impl WaitingRoom {
    /// An empty room.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::default(), earlier: Arc::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A row is durable.
    pub fn enqueue(&self, key: QueueKey, epoch: RunEpoch) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let before = inner.hub.poll_deadline();
        let served = inner.hub.enqueue(key, epoch, now);
        inner.hand(self, served, now);
        let after = inner.hub.poll_deadline();
        drop(inner);
        if after != before {
            self.earlier.notify_one();
        }
    }

    /// A row is gone.
    pub fn dequeue(&self, key: &QueueKey) {
        self.lock().hub.dequeue(key);
    }

    /// Takes up to `count` ready rows.
    #[must_use]
    pub fn take(&self, queue: &str, count: usize) -> Vec<Handed> {
        let taken = self.lock().hub.take(queue, count);
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
            let served = inner.hub.wait(queue, id, is_back);
            inner.hand(self, served, now);
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

    /// Moves delayed rows into their queues when they are due, until the process stops.
    pub async fn run_delayed(self) {
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
                Some(_) => {
                    let mut inner = self.lock();
                    for served in inner.hub.tick(now) {
                        inner.hand(&self, Some(served), now);
                    }
                }
            }
        }
    }

    /// Reads the hub.
    pub fn read<T>(&self, body: impl FnOnce(&Hub) -> T) -> T {
        body(&self.lock().hub)
    }
}

impl Inner {
    /// Hands a row to its waiter; one who has left gives it back to the next.
    fn hand(&mut self, room: &WaitingRoom, mut served: Option<HubOutput>, now: Timestamp) {
        while let Some(output) = served.take() {
            let Some(seat) = self.seats.remove(&output.waiter) else {
                served = self.hub.enqueue(output.key, output.epoch, now);
                continue;
            };
            let row = Some((output.key, output.epoch));
            if let Err(mut back) = seat.send(Handed { row, room: room.clone() })
                && let Some((key, epoch)) = back.row.take()
            {
                served = self.hub.enqueue(key, epoch, now);
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
