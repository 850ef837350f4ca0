//! The hub with a few rows in memory, beside a list of everything: whatever comes, goes, is read
//! late or handed back, rows are handed out best first and each of them once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fermata_runtime::mutant::Mutation;
use fermata_runtime::queues::reading::{self, Ask, Found};
use fermata_runtime::queues::{Bounds, Hub, HubOutput, Permits, TaskLimits, WaiterId};
use fermata_storage::{Batch, ModelStore, QueueKey, QueueRow, Ready, Row, RowKey, Store, Write};
use fermata_types::{RunEpoch, RunId, ShardEpoch, ShardId, ShardKey, Span, TaskNumber, Timestamp};
use proptest::prelude::*;

const SHARDS: u16 = 3;
const QUEUES: [&str; 2] = ["q", "east:q"];

/// What happens to the queues; numbers choose which rows and how many.
#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        queue: usize,
        shard: u16,
        priority: u8,
        delay: i64,
    },
    /// A row goes without having been handed out.
    Remove(usize),
    Take {
        queue: usize,
        count: usize,
    },
    Wait {
        queue: usize,
    },
    Leave(usize),
    /// A task in somebody's hands is done with.
    Finish(usize),
    GiveBack(usize),
    Pass(i64),
    Ask,
    Read,
    /// Rows of a shard are found again, as after a refusal.
    FindAgain(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0usize..2, 0..SHARDS, 0u8..3, prop_oneof![3 => Just(0i64), 2 => 1i64..12])
            .prop_map(|(queue, shard, priority, delay)| {
                Step::Enqueue { queue, shard, priority, delay }
            }),
        1 => any::<usize>().prop_map(Step::Remove),
        3 => (0usize..2, 1usize..4).prop_map(|(queue, count)| Step::Take { queue, count }),
        1 => (0usize..2).prop_map(|queue| Step::Wait { queue }),
        1 => any::<usize>().prop_map(Step::Leave),
        3 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::GiveBack),
        3 => (1i64..8).prop_map(Step::Pass),
        3 => Just(Step::Ask),
        3 => Just(Step::Read),
        1 => (0..SHARDS).prop_map(Step::FindAgain),
    ]
}

struct Field {
    store: ModelStore,
    hub: Hub,
    permits: Arc<Permits>,
    limit: Option<usize>,
    now: Timestamp,
    rows: BTreeSet<QueueKey>,
    in_hand: Vec<QueueKey>,
    waiters: BTreeMap<WaiterId, String>,
    reading: Option<(Ask, Found)>,
    next: u32,
}

const EPOCH: RunEpoch = RunEpoch(1);

impl Field {
    fn new(bounds: Bounds, limit: Option<usize>) -> Self {
        let permits: Arc<Permits> = Arc::default();
        permits.set("q", TaskLimits { concurrent: limit, rate: None });
        let hub = Hub::new(bounds, permits.clone(), Mutation::default());
        Self {
            store: ModelStore::new(),
            hub,
            permits,
            limit,
            now: Timestamp::from_ms(1000),
            rows: BTreeSet::new(),
            in_hand: Vec::new(),
            waiters: BTreeMap::new(),
            reading: None,
            next: 0,
        }
    }

    fn write(&self, write: Write) {
        let batch = Batch { shard: ShardId(0), epoch: ShardEpoch(1), writes: vec![write] };
        self.store.commit(&[batch]).expect("the model store commits");
    }

    fn enqueue(&mut self, queue: usize, shard: u16, priority: u8, delay: i64) {
        self.next += 1;
        let age = RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(shard), self.next)
            .task(TaskNumber(1));
        let due = self.now.after(Span::from_ms(delay));
        let queue = QUEUES.get(queue).expect("two queues").to_string();
        let key = QueueKey { shard: ShardId(shard), queue, ready: Ready { priority, due, age } };
        self.write(Write::Put(Row::Queue(QueueRow { key: key.clone(), run_epoch: EPOCH })));
        self.rows.insert(key.clone());
        let served = self.hub.enqueue(key, EPOCH, self.now);
        self.serve(served);
    }

    /// A row is gone from the store, and then from the hub.
    fn remove(&mut self, key: &QueueKey) {
        self.write(Write::Delete(RowKey::Queue(key.clone())));
        self.rows.remove(key);
        self.hub.dequeue(key);
    }

    /// Rows that may be handed out, best first.
    fn ready(&self, queue: &str) -> Vec<QueueKey> {
        let free = |key: &&QueueKey| {
            key.queue == queue && key.ready.due <= self.now && !self.in_hand.contains(key)
        };
        let mut ready: Vec<_> = self.rows.iter().filter(free).cloned().collect();
        ready.sort_by_key(|key| (key.ready, key.shard));
        ready
    }

    fn room(&self) -> usize {
        self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.in_hand.len()))
    }

    /// Nothing is to be read.
    fn is_settled(&self) -> bool {
        self.reading.is_none() && !self.hub.wants_read()
    }

    fn serve(&mut self, served: Vec<HubOutput>) {
        for HubOutput { waiter, key, .. } in served {
            assert_eq!(self.waiters.remove(&waiter).as_deref(), Some(key.queue.as_str()));
            self.hand_out(key);
        }
    }

    fn hand_out(&mut self, key: QueueKey) {
        assert!(self.rows.contains(&key), "{key:?} is gone");
        assert!(key.ready.due <= self.now, "{key:?} is not due");
        assert!(!self.in_hand.contains(&key) || self.limit.is_none(), "{key:?} twice");
        assert!(self.room() > 0 || self.in_hand.contains(&key), "over the limit");
        if !self.in_hand.contains(&key) {
            self.in_hand.push(key);
        }
    }

    fn take(&mut self, queue: usize, count: usize) {
        let queue = QUEUES.get(queue).expect("two queues");
        let (expected, room) = (self.ready(queue), self.room());
        let taken = self.hub.take(queue, count, self.now);
        let taken: Vec<_> = taken.into_iter().map(|(key, _)| key).collect();
        let fresh: Vec<_> =
            taken.iter().filter(|key| !self.in_hand.contains(key)).cloned().collect();
        if self.is_settled() && fresh.len() == taken.len() {
            let best = expected.get(..fresh.len()).expect("no more than there are");
            assert_eq!(fresh, best);
            let wanted = count.min(room).min(expected.len());
            assert!(fresh.len() >= wanted.min(1), "{wanted} wanted of {queue}");
        }
        taken.into_iter().for_each(|key| self.hand_out(key));
    }

    fn finish(&mut self, at: usize) {
        if self.in_hand.is_empty() {
            return;
        }
        let key = self.in_hand.swap_remove(at % self.in_hand.len());
        let task = key.ready.age;
        if self.permits.lease(task).is_some() {
            self.permits.leaving(task);
        }
        self.remove(&key);
        let served = self.hub.freed(task, self.now);
        self.serve(served);
    }

    fn give_back(&mut self, at: usize) {
        if self.in_hand.is_empty() {
            return;
        }
        let key = self.in_hand.swap_remove(at % self.in_hand.len());
        let served = self.hub.give_back(&key, EPOCH, self.now);
        self.serve(served);
    }

    fn ask(&mut self) {
        if self.reading.is_none()
            && let Some(ask) = self.hub.poll_read()
        {
            let found = reading::read(&self.store, SHARDS, &ask).expect("readable");
            self.reading = Some((ask, found));
        }
    }

    fn read(&mut self) {
        if let Some((ask, found)) = self.reading.take() {
            let served = self.hub.handle_read(&ask, Some(found), self.now);
            self.serve(served);
        }
    }

    fn settle(&mut self) {
        for _ in 0..1000 {
            self.read();
            self.ask();
            if self.hub.poll_deadline().is_some_and(|due| due <= self.now) {
                let served = self.hub.tick(self.now);
                self.serve(served);
            } else if self.is_settled() {
                return;
            }
        }
        panic!("reads without end");
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Enqueue { queue, shard, priority, delay } => {
                self.enqueue(queue, shard, priority, delay);
            }
            Step::Remove(at) => {
                let free: Vec<_> =
                    self.rows.iter().filter(|key| !self.in_hand.contains(key)).cloned().collect();
                if let Some(key) = free.get(at % free.len().max(1)) {
                    self.remove(key);
                }
            }
            Step::Take { queue, count } => self.take(queue, count),
            Step::Wait { queue } => {
                self.next += 1;
                let waiter = WaiterId(u64::from(self.next));
                let queue = QUEUES.get(queue).expect("two queues").to_string();
                self.waiters.insert(waiter, queue.clone());
                let served = self.hub.wait(&queue, waiter, false, self.now);
                self.serve(served);
            }
            Step::Leave(at) => {
                let found = self.waiters.keys().nth(at % self.waiters.len().max(1)).copied();
                if let Some(waiter) = found {
                    self.waiters.remove(&waiter);
                    self.hub.leave(waiter);
                }
            }
            Step::Finish(at) => self.finish(at),
            Step::GiveBack(at) => self.give_back(at),
            Step::Pass(ms) => {
                self.now = self.now.after(Span::from_ms(ms));
                let served = self.hub.tick(self.now);
                self.serve(served);
            }
            Step::Ask => self.ask(),
            Step::Read => self.read(),
            Step::FindAgain(shard) => {
                let rows = self.rows.iter().filter(|key| key.shard == ShardId(shard));
                // Those in hand are found as well only under limits: their holders are known there.
                let rows = rows.filter(|key| !self.in_hand.contains(key) || self.limit.is_some());
                for key in rows.cloned().collect::<Vec<_>>() {
                    let served = self.hub.found(&key, EPOCH, self.now);
                    self.serve(served);
                }
            }
        }
    }

    fn check(&self, bounds: Bounds) {
        for key in self.rows.iter().filter(|key| !self.in_hand.contains(key)) {
            assert!(self.hub.knows(key), "{key:?} is lost");
        }
        for queue in QUEUES {
            let rows = self.rows.iter().filter(|key| key.queue == queue).count();
            assert_eq!(self.hub.size(queue), rows, "size of {queue}");
        }
        for (queue, depth) in self.hub.depths() {
            assert!(depth.in_memory <= bounds.ready + bounds.delayed, "{queue}: {depth:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn hands_out_what_the_list_says(
        ready in 1usize..4,
        delayed in 1usize..4,
        limit in prop::option::of(1usize..3),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let bounds = Bounds { ready, delayed };
        let mut field = Field::new(bounds, limit);
        for step in &steps {
            field.act(step);
            field.check(bounds);
        }
        // Everything comes out in the end, and nobody waits while there is something.
        field.settle();
        for queue in QUEUES {
            let is_waited_for = field.waiters.values().any(|name| name == queue);
            let could_serve = !field.ready(queue).is_empty() && field.room() > 0;
            prop_assert!(!(is_waited_for && could_serve), "{queue} has rows and waiters");
        }
        for waiter in std::mem::take(&mut field.waiters).into_keys() {
            field.hub.leave(waiter);
        }
        field.now = field.now.after(Span::from_ms(100));
        while !field.rows.is_empty() {
            let before = field.rows.len();
            while !field.in_hand.is_empty() {
                field.finish(0);
            }
            for queue in 0..QUEUES.len() {
                field.settle();
                field.take(queue, 3);
            }
            while !field.in_hand.is_empty() {
                field.finish(0);
            }
            field.check(bounds);
            prop_assert!(field.rows.len() < before, "{} rows are stuck", field.rows.len());
        }
        prop_assert!(field.permits.counts().iter().all(|count| count.held == 0));
    }
}

#[test]
fn a_rate_gives_its_next_permit_when_the_first_start_leaves_the_window() {
    let mut field = Field::new(Bounds::default(), None);
    let rate = Some((2, Span::from_seconds(1)));
    field.permits.set("q", TaskLimits { concurrent: None, rate });
    let begun = field.now;
    (0..4).for_each(|_| field.enqueue(0, 0, 0, 0));
    assert_eq!(field.hub.take("q", 9, field.now).len(), 2);
    field.waiters.insert(WaiterId(1), "q".to_owned());
    assert!(field.hub.wait("q", WaiterId(1), false, field.now).is_empty());
    let turn = begun.after(Span::from_seconds(1));
    assert_eq!(field.hub.poll_deadline(), Some(turn));
    field.now = turn;
    assert_eq!(field.hub.tick(turn).len(), 1, "the window has turned");
    assert_eq!(field.hub.take("q", 9, field.now).len(), 1);
    assert!(field.hub.take("q", 9, field.now).is_empty());
}

#[test]
fn a_row_given_back_does_not_count_for_the_rate() {
    let mut field = Field::new(Bounds::default(), None);
    let rate = Some((1, Span::from_seconds(60)));
    field.permits.set("q", TaskLimits { concurrent: None, rate });
    field.enqueue(1, 0, 0, 0);
    for _ in 0..5 {
        let taken = field.hub.take("east:q", 1, field.now);
        let (key, epoch) = taken.first().expect("the only one").clone();
        assert!(field.hub.give_back(&key, epoch, field.now).is_empty());
    }
    let _ = field.hub.take("east:q", 1, field.now);
    field.enqueue(1, 0, 0, 0);
    assert!(field.hub.take("east:q", 1, field.now).is_empty());
}

#[test]
fn a_higher_limit_wakes_those_who_wait() {
    let mut field = Field::new(Bounds::default(), Some(1));
    (0..3).for_each(|_| field.enqueue(0, 0, 0, 0));
    assert_eq!(field.hub.take("q", 3, field.now).len(), 1);
    assert!(field.hub.wait("q", WaiterId(1), false, field.now).is_empty());
    field.permits.set("q", TaskLimits { concurrent: Some(2), rate: None });
    assert_eq!(field.hub.woken("q", field.now).len(), 1);
    field.permits.set("q", TaskLimits::default());
    assert_eq!(field.hub.take("q", 3, field.now).len(), 1, "no limit any more");
}
