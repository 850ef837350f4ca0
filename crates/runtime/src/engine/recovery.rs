//! What is read at start: queues, deadlines, commands between runs. Runs themselves are loaded
//! when something is asked of them.

use std::collections::BTreeMap;

use fermata_storage::{
    Batch, DeadlineKey, DeadlineRow, DueDeadlineKey, DueDeadlineRow, Family, QueueKey, ReadError,
    Row, RowKey, ScanRange, ShardRow, ShardRowKey, Store, Write,
};
use fermata_types::{RunEpoch, ShardEpoch, ShardId};

use crate::engine::config::OpenError;
use crate::queues::WaitingRoom;
use crate::shard::Machine;
use crate::shard::load::{self, scan_all};
use crate::shard::machine::Shared;
use crate::shard::relay;

/// Rows of an earlier version rewritten in one commit.
const UPGRADED_AT_ONCE: usize = 10_000;

/// Takes the shards of a store under a new epoch, so that whoever had them before is fenced off;
/// a new store gets `wanted` of them. Answers how many there are, and the epoch.
///
/// # Errors
/// The store cannot be read or written.
pub fn own_shards(store: &dyn Store, wanted: u16) -> Result<(u16, ShardEpoch), OpenError> {
    let mut epochs = Vec::new();
    scan_all(store, &ScanRange::Family(Family::Shard), |row| {
        if let Row::Shard(row) = row {
            epochs.push(row.epoch);
        }
    })
    .map_err(|source| OpenError::Read { what: "shards", source })?;
    let count = match u16::try_from(epochs.len()) {
        Ok(0) | Err(_) => wanted.max(1),
        Ok(count) => count,
    };
    let epoch = epochs.into_iter().max().unwrap_or_default().next();
    let batches: Vec<Batch> = (0..count)
        .map(|number| {
            let key = ShardRowKey { shard: ShardId(number) };
            let writes = vec![Write::Put(Row::Shard(ShardRow { key, epoch }))];
            Batch { shard: ShardId(number), epoch, writes }
        })
        .collect();
    store.commit(&batches).map_err(OpenError::Own)?;
    Ok((count, epoch))
}

/// Rewrites the deadline rows of version 1, which were kept by run, as rows kept by time. A crash
/// in between leaves each row in one form or the other.
///
/// # Errors
/// The store cannot be read or written.
pub fn upgrade_deadlines(store: &dyn Store, epoch: ShardEpoch) -> Result<(), OpenError> {
    let range = ScanRange::Family(Family::Deadline);
    loop {
        let page = store
            .scan(&range, None, UPGRADED_AT_ONCE)
            .map_err(|source| OpenError::Read { what: "deadlines", source })?;
        let mut batches: BTreeMap<ShardId, Vec<Write>> = BTreeMap::new();
        for row in page.rows {
            let Row::Deadline(DeadlineRow { key, due, run_epoch }) = row else { continue };
            let DeadlineKey { shard, run } = key;
            let put = DueDeadlineRow { key: DueDeadlineKey { shard, due, run }, run_epoch };
            let writes = batches.entry(shard).or_default();
            writes.push(Write::Put(Row::DueDeadline(put)));
            writes.push(Write::Delete(RowKey::Deadline(key)));
        }
        if batches.is_empty() {
            return Ok(());
        }
        let batch = |(shard, writes)| Batch { shard, epoch, writes };
        let group: Vec<Batch> = batches.into_iter().map(batch).collect();
        store.commit(&group).map_err(OpenError::Own)?;
    }
}

/// Tells the table of permits the limits of all types, and every durable lease under limits.
///
/// # Errors
/// The store cannot be read.
pub fn recover_permits(store: &dyn Store, shared: &Shared) -> Result<(), ReadError> {
    for (name, limits) in shared.metadata.limited() {
        shared.permits.set(&name, limits);
    }
    scan_all(store, &ScanRange::Family(Family::Lease), |row| {
        if let Row::Lease(row) = row {
            shared.permits.recover(&row.task_type, row.key.task, row.leased);
        }
    })
}

/// Tells a machine its shard's first deadlines, its unconsumed and unconfirmed commands, and how
/// far it has taken in those of others.
///
/// # Errors
/// The store cannot be read.
pub fn recover_shard(
    store: &dyn Store,
    shard: ShardId,
    machine: &mut Machine,
) -> Result<(), ReadError> {
    let (rows, more) = load::deadlines(store, shard, None, machine.deadline_bound())?;
    machine.recover_deadlines(rows, more);
    scan_all(store, &ScanRange::OutboxOfShard { source: shard }, |row| {
        let Row::Outbox(row) = row else { return };
        match relay::decode(&row) {
            Some(command) if row.key.target == shard => {
                machine.recover_command(row.key.number, command);
            }
            Some(command) => machine.recover_sent(row.key, row.command.len(), command),
            None => tracing::error!(number = row.key.number, "damaged command row"),
        }
    })?;
    scan_all(store, &ScanRange::Received { target: shard }, |row| {
        if let Row::Received(row) = row {
            machine.recover_received(row.key.source, row.last);
        }
    })?;
    machine.resume_posts();
    Ok(())
}

/// Tells the hub every queue row.
///
/// # Errors
/// The store cannot be read.
pub fn recover_queues(store: &dyn Store, room: &WaitingRoom) -> Result<(), ReadError> {
    recover_queue_rows(store, |key, epoch| room.enqueue(key, epoch))
}

/// Reads every queue row, in key order.
///
/// # Errors
/// The store cannot be read.
pub fn recover_queue_rows(
    store: &dyn Store,
    enqueue: impl FnMut(QueueKey, RunEpoch),
) -> Result<(), ReadError> {
    queue_rows(store, &ScanRange::Family(Family::Queue), enqueue)
}

/// Reads the queue rows of one shard, in key order: after its batches were refused, the hub may
/// have handed out rows whose leases did not happen. Rows it knows already do no harm.
///
/// # Errors
/// The store cannot be read.
pub fn recover_queues_of(
    store: &dyn Store,
    shard: ShardId,
    enqueue: impl FnMut(QueueKey, RunEpoch),
) -> Result<(), ReadError> {
    queue_rows(store, &ScanRange::QueuesOfShard { shard }, enqueue)
}

fn queue_rows(
    store: &dyn Store,
    range: &ScanRange,
    mut enqueue: impl FnMut(QueueKey, RunEpoch),
) -> Result<(), ReadError> {
    scan_all(store, range, |row| {
        if let Row::Queue(row) = row {
            enqueue(row.key, row.run_epoch);
        }
    })
}
