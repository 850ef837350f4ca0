//! Once a shard has caught up, every row that rings a bell is known to whoever rings it: queue rows
//! to the hub or to a poll, deadlines to the wheel (or they lie behind
//! what memory holds and will be read in time), commands to the relay.

use std::collections::BTreeSet;

use fermata_runtime::queues::Hub;
use fermata_runtime::shard::Machine;
use fermata_storage::{QueueKey, Row, RowKey};
use fermata_types::{RunId, ShardId};

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};

const NAME: &str = "audits_find_nothing";

/// What a shard's memory knows.
pub(crate) struct Known<'a> {
    pub(crate) shard: ShardId,
    pub(crate) machine: &'a Machine,
    pub(crate) hub: &'a Hub,
    /// Rows in the hands of polls.
    pub(crate) in_hand: &'a BTreeSet<QueueKey>,
    /// Runs being read.
    pub(crate) loading: &'a BTreeSet<RunId>,
}

/// The rows of a shard that has nothing undurable.
pub(crate) fn check(shadow: &Shadow, known: &Known<'_>) -> Checked {
    for key in shadow.rows.keys() {
        match key {
            RowKey::Queue(key) if key.shard == known.shard => {
                let is_known = known.hub.knows(key) || known.in_hand.contains(key);
                expect(is_known, NAME, || {
                    format!("the hub does not know task {} of {}", key.ready.age, key.queue)
                })?;
            }
            RowKey::DueDeadline(key) if key.shard == known.shard => {
                let machine = known.machine;
                let is_known = machine.is_armed((key.due, key.run))
                    || machine.is_working_on(key.run)
                    || known.loading.contains(&key.run);
                expect(is_known, NAME, || {
                    format!("the wheel does not know the deadline of run {}", key.run)
                })?;
            }
            RowKey::Outbox(key) if key.source == known.shard => {
                let is_known = known.machine.has_command(key.number);
                expect(is_known, NAME, || {
                    format!("the relay does not know command {}", key.number)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// At the end of a world: a deleted run has left nothing that would ever be met again.
pub(crate) fn at_end(shadow: &Shadow) -> Checked {
    for (key, row) in &shadow.rows {
        let run = match row {
            Row::History(row) => row.key.run,
            Row::Run(row) => row.key.run,
            Row::Payload(row) => row.key.run,
            Row::Lane(row) => row.key.run,
            Row::Message(row) => row.key.run,
            Row::TaskLog(row) => row.key.task.run(),
            Row::DueDeadline(row) => row.key.run,
            Row::Lease(row) => row.key.task.run(),
            Row::Snapshot(row) => row.key.run,
            _ => continue,
        };
        expect(!shadow.deleted.contains(&run), NAME, || {
            format!("run {run} is deleted, and yet there is {key:?}")
        })?;
    }
    Ok(())
}
