//! Removing runs: on request in any state, and by retention once they have ended long enough ago.

use fermata_storage::{DedupKey, EndedKey, EndedKind, EndedRow, Row, RowKey, Write};
use fermata_types::{RunId, RunStatus, Timestamp};

use crate::metrics;
use crate::shard::machine::{Held, LoadRequest, Machine, Output};
use crate::shard::removable::{Removable, Retirement};
use crate::shard::request::{Answer, Token};
use crate::shard::start::KEY_KEPT;

impl Machine {
    /// Deletes a run: all its rows in one batch. Rows of its tasks in queues are dropped when they
    /// are met.
    pub(super) fn delete(&mut self, token: Token, run: RunId) {
        let waiting = self.deleting.entry(run).or_default();
        waiting.push(token);
        if waiting.len() == 1 {
            // Rows that are staged now are not in the store yet: read them after their batch.
            let ask = Held::Output(Output::Load(LoadRequest::Keys(run)));
            let barrier = self.barrier(run);
            self.hold(barrier, ask);
        }
    }

    pub(super) fn keys_read(&mut self, run: RunId, found: Option<Removable>, now: Timestamp) {
        // Whoever asked may have been told that nothing happened.
        let Some(tokens) = self.deleting.remove(&run) else { return };
        if self.is_moving(run) {
            // It moved while its keys were read: once more, after that batch.
            for token in tokens {
                self.delete(token, run);
            }
            return;
        }
        let answer = if found.is_some() { || Answer::Done } else { || Answer::NotFound };
        if let Some(found) = found {
            // Nobody asked for its children: they are kept as if they had been started alone.
            self.remove(run, found, &EndedKind::Run, now);
        }
        let barrier = self.newest();
        for token in tokens {
            self.answer(barrier, token, answer());
        }
    }

    /// Removes what an ended row names, if it is still so; the row goes either way.
    pub(super) fn retire(&mut self, token: Token, row: EndedRow) {
        let barrier = self.barrier(row.key.run).max(self.newest());
        self.retiring.insert(row.key, token);
        let ask = LoadRequest::Retirement(Box::new(row));
        self.hold(barrier, Held::Output(Output::Load(ask)));
    }

    pub(super) fn retirement_read(&mut self, row: EndedRow, found: Retirement, now: Timestamp) {
        let Some(token) = self.retiring.remove(&row.key) else { return };
        if self.is_moving(row.key.run) {
            self.retire(token, row);
            return;
        }
        self.stage(Write::Delete(RowKey::Ended(row.key)));
        let mut children = Vec::new();
        match found {
            Retirement::Stale => {}
            Retirement::Key(key) => self.drop_key(key),
            Retirement::Later(at) => {
                let key = EndedKey { at: at.unwrap_or(now), ..row.key };
                self.put_ended(key, row.name, row.kind);
            }
            Retirement::Run(found) => {
                metrics::count(&self.shared.metrics.runs_retired);
                children = self.remove(row.key.run, found, &EndedKind::Orphan, now);
            }
        }
        let barrier = self.newest();
        self.answer(barrier, token, Answer::Retired(children));
    }

    /// Whether a run has staged something that its rows do not show yet.
    fn is_moving(&self, run: RunId) -> bool {
        self.runs.get(&run).is_some_and(|entry| entry.touched > self.durable)
    }

    /// A key may have been taken by a new run since its row was read.
    fn drop_key(&mut self, key: DedupKey) {
        let key = RowKey::Dedup(key);
        if self.overlay.get(&key).is_none() {
            self.stage(Write::Delete(key));
        }
    }

    /// Removes a run's rows, and gives rows of that kind to its children: answers those.
    fn remove(
        &mut self,
        run: RunId,
        found: Removable,
        kind: &EndedKind,
        now: Timestamp,
    ) -> Vec<EndedRow> {
        for key in found.keys {
            self.stage(Write::Delete(key));
        }
        if let Some(due) = self.runs.get(&run).and_then(|entry| entry.armed.row) {
            self.unstage_deadline(run, due);
        }
        self.end_leases_of(run);
        if let Some((key, created)) = found.dedup {
            self.keep_key(run, key, created, now);
        }
        let mut children = Vec::with_capacity(found.children.len());
        for child in found.children {
            let key = EndedKey { shard: self.shard, at: now, run: child };
            children.push(self.put_ended(key, found.row.name.clone(), kind.clone()));
        }
        // After the rows: whoever hears that the run is gone hears it once that is durable.
        self.forget_deleted(run);
        self.deleted.insert(run, self.building);
        children
    }

    /// An idempotency key outlives its run until it is old enough.
    fn keep_key(&mut self, run: RunId, key: DedupKey, created: Timestamp, now: Timestamp) {
        if now.since(created) >= KEY_KEPT {
            self.drop_key(key);
            return;
        }
        let at = created.after(KEY_KEPT);
        let (name, kind) = (key.name, EndedKind::Key(key.key));
        self.put_ended(EndedKey { shard: self.shard, at, run }, name, kind);
    }

    fn put_ended(&mut self, key: EndedKey, name: String, kind: EndedKind) -> EndedRow {
        let row = EndedRow { key, name, status: RunStatus::Completed, kind };
        self.stage(Write::Put(Row::Ended(row.clone())));
        row
    }

    /// Takes a run that is being deleted out of memory; whoever waits for it hears that it is gone.
    fn forget_deleted(&mut self, run: RunId) {
        let watches = self.watches.remove(&run).unwrap_or_default();
        let mut gone: Vec<Token> = watches.iter().map(|watch| watch.token).collect();
        if let Some(entry) = self.runs.remove(&run) {
            gone.extend(entry.quiet_waiters.iter().map(|waiter| waiter.token));
            for pending in &entry.parked {
                self.refuse_absent(run, pending);
            }
        }
        for token in gone {
            self.answer(self.building, token, Answer::NotFound);
        }
    }
}
