//! Leases under limits: durable before they are delivered, and given back once it is durable that
//! the task has left its worker's hands.

use fermata_storage::{LeaseKey, LeaseRow, Row, RowKey, Write};
use fermata_types::{RunId, TaskId, TaskStatus, Timestamp};

use crate::mutant::Mutant;
use crate::shard::entry::Entry;
use crate::shard::machine::{Held, Machine, Output};
use crate::shard::relay::Pending;
use crate::shard::request::Answer;

impl Machine {
    const fn lease_key(&self, task: TaskId) -> LeaseKey {
        LeaseKey { shard: self.shard, task }
    }

    /// Stages the row of a lease whose type has limits; true when there is one, so that the
    /// answer has to wait for it.
    pub(super) fn stage_lease(&mut self, task: TaskId, now: Timestamp) -> bool {
        let Some(task_type) = self.shared.permits.lease(task) else { return false };
        if !self.has(Mutant::LeaseNotDurable) {
            let (key, task_type) = (self.lease_key(task), task_type.to_string());
            self.stage(Write::Put(Row::Lease(LeaseRow { key, task_type, leased: now })));
        }
        true
    }

    /// After a turn: permits of tasks that are in no worker's hands any more.
    pub(super) fn end_leases(&mut self, entry: &mut Entry) {
        for task in self.shared.permits.leased_of(entry.run.id) {
            let state = entry.run.task(task.number());
            let is_held = state.is_some_and(|task| task.status == TaskStatus::InProgress);
            if !is_held || entry.run.status.is_terminal() {
                entry.touched = self.building;
                self.end_lease(task);
            }
        }
    }

    /// A run is being deleted: its permits are given back with its rows.
    pub(super) fn end_leases_of(&mut self, run: RunId) {
        for task in self.shared.permits.leased_of(run) {
            self.end_lease(task);
        }
    }

    fn end_lease(&mut self, task: TaskId) {
        self.shared.permits.leaving(task);
        self.stage(Write::Delete(RowKey::Lease(self.lease_key(task))));
        self.hold(self.building, Held::Output(Output::Freed(task)));
    }

    /// A task was not leased: its permit, if it has one, is free.
    pub(super) fn not_leased(&mut self, pending: &Pending) {
        if let Some(key) = &pending.row {
            self.outputs.push_back(Output::Unleased(key.ready.age));
        }
    }

    /// Nothing of these leases has happened, nor of what has ended others. To be called before
    /// anyone hears of it.
    pub(super) fn forget_leases(&mut self) {
        let mut undone = Vec::new();
        for held in self.held.values().flatten() {
            match held {
                Held::Output(Output::Freed(task)) => self.shared.permits.stays(*task),
                Held::Output(Output::Answer(_, Answer::Leased(leased))) => {
                    undone.push(Output::Freed(leased.run.id.task(leased.task.number)));
                }
                _ => {}
            }
        }
        let parked = self.runs.values().flat_map(|entry| &entry.parked);
        let pending = parked.chain(self.loading.values().flatten());
        let rows = pending.filter_map(|pending| pending.row.as_ref());
        undone.extend(rows.map(|key| Output::Unleased(key.ready.age)));
        self.outputs.extend(undone);
    }
}
