//! Ready tasks and waiting polls.

use fermata_runtime::queues::{Hub, WaiterId};
use fermata_storage::{QueueKey, Ready};
use fermata_types::{RunEpoch, ShardId, TaskNumber};

use super::Work;
use super::stub::{NOW, run_id};

/// Queues besides the one that is looked at.
const QUEUES: u32 = 1000;
/// Tasks that are ready in it.
const READY: u32 = 10_000;
/// Tasks of one poll.
const BATCH: usize = 32;

fn row(queue: &str, salt: u32) -> QueueKey {
    let age = run_id(salt).task(TaskNumber(1));
    let ready = Ready { priority: 0, due: NOW, age };
    QueueKey { shard: ShardId(7), queue: queue.to_owned(), ready }
}

pub(super) fn meet() -> Work {
    let mut hub = Hub::default();
    for number in 0..QUEUES {
        hub.enqueue(row(&format!("queue_{number}"), number), RunEpoch(1), NOW);
    }
    let key = row("wanted", 1);
    Box::new(move || {
        let waits = hub.wait("wanted", WaiterId(1), false, NOW).is_empty();
        let met = !hub.enqueue(key.clone(), RunEpoch(1), NOW).is_empty();
        u64::from(waits) + u64::from(met)
    })
}

pub(super) fn take_batch() -> Work {
    let mut hub = Hub::default();
    for salt in 0..READY {
        hub.enqueue(row("full", salt), RunEpoch(1), NOW);
    }
    Box::new(move || {
        let taken = hub.take("full", BATCH, NOW);
        let count = taken.len();
        for (key, epoch) in taken {
            hub.enqueue(key, epoch, NOW);
        }
        count as u64
    })
}
