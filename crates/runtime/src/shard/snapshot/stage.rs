//! When a snapshot is due, and its chunks on their way into the shard's batches.

use std::collections::VecDeque;

use fermata_storage::{Row, RowKey, SnapshotKey, Write};
use fermata_types::RunId;

use super::limits::{BATCH_BYTES, SNAPSHOT_EVENTS, TASKS_PER_EVENT};
use super::root::Written;
use super::write::{Encoded, Job};
use crate::metrics;
use crate::mutant::Mutant;
use crate::shard::entry::Entry;
use crate::shard::machine::{Held, Machine, Output};

/// The snapshots of a run in memory.
#[derive(Debug, Default)]
pub(in crate::shard) struct Progress {
    /// The one that is whole, as staged.
    pub written: Written,
    /// There are rows that this program cannot read: they go before the first new chunk comes.
    pub is_unreadable: bool,
    /// The one being encoded or staged.
    pub under_way: Option<u64>,
    /// What of it is not staged yet: its chunks first.
    pub rest: VecDeque<Write>,
    /// What will be written once all of that is.
    pub next: Option<Written>,
}

impl Progress {
    /// Of a run that was just loaded.
    pub fn loaded(written: Written, is_unreadable: bool) -> Self {
        Self { written, is_unreadable, ..Self::default() }
    }
}

impl Machine {
    /// Begins a snapshot if enough has happened since the last one. Called between two turns of a
    /// run.
    pub(in crate::shard) fn look_at_snapshot(&mut self, entry: &mut Entry) {
        let (run, progress) = (&mut entry.run, &mut entry.snapshot);
        let wanted = self.snapshot_events.max(run.tasks.len() as u64 / TASKS_PER_EVENT);
        let since = run.last.0.saturating_sub(progress.written.last.0);
        if since < wanted || progress.under_way.is_some() || progress.written.next == u32::MAX {
            return;
        }
        self.tickets += 1;
        progress.under_way = Some(self.tickets);
        let mut changed = run.tasks.take_changes();
        if self.has(Mutant::SnapshotKeepsStalePages) {
            changed.fill(false);
        }
        let job = Job {
            ticket: self.tickets,
            run: run.clone(),
            changed,
            before: progress.written.clone(),
        };
        self.outputs.push_back(Output::Snapshot(Box::new(job)));
    }

    /// A snapshot is encoded: stages the first of its chunks. One that was asked for before the
    /// machine began anew, or of a run that is gone, is dropped.
    pub fn handle_snapshot(&mut self, encoded: Encoded) {
        let run = encoded.run;
        let Some(entry) = self.runs.get_mut(&run) else { return };
        if entry.snapshot.under_way != Some(encoded.ticket) {
            return;
        }
        let mut rest: VecDeque<Write> = VecDeque::new();
        if std::mem::take(&mut entry.snapshot.is_unreadable) {
            rest.push_back(Write::Delete(RowKey::Snapshot(SnapshotKey { run, chunk: 0 })));
        }
        let chunks = encoded.chunks.into_iter().map(|row| Write::Put(Row::Snapshot(row)));
        let root = Write::Put(Row::Snapshot(encoded.root));
        let replaced = encoded.replaced.into_iter();
        let replaced = replaced.map(|key| Write::Delete(RowKey::Snapshot(key)));
        if self.has(Mutant::SnapshotHeadFirst) {
            rest.push_back(root);
            rest.extend(replaced);
            rest.extend(chunks);
        } else {
            rest.extend(chunks);
            rest.push_back(root);
            rest.extend(replaced);
        }
        if let Some(entry) = self.runs.get_mut(&run) {
            entry.snapshot.rest = rest;
            entry.snapshot.next = Some(encoded.written);
        }
        self.stage_snapshot(run);
    }

    /// Stages as much of a snapshot as one batch takes; the rest follows once that is durable.
    pub(in crate::shard) fn stage_snapshot(&mut self, run: RunId) {
        // It may have been removed meanwhile, its rows with it.
        let Some(mut entry) = self.runs.remove(&run) else { return };
        let batch_bytes = if self.snapshot_events < SNAPSHOT_EVENTS { 1 } else { BATCH_BYTES };
        let (mut bytes, mut is_head) = (0, false);
        while let Some(write) = entry.snapshot.rest.pop_front() {
            let (size, head) = measure(&write);
            bytes += size;
            is_head |= head;
            entry.touched = self.building;
            self.stage(write);
            // The head and the removal of what it replaced are one batch.
            if bytes >= batch_bytes && (!is_head || self.has(Mutant::SnapshotHeadFirst)) {
                break;
            }
        }
        let is_done = entry.snapshot.rest.is_empty();
        if is_done {
            entry.snapshot.under_way = None;
            if let Some(written) = entry.snapshot.next.take() {
                entry.snapshot.written = written;
                metrics::count(&self.shared.metrics.snapshots);
            }
            // The run may have gone on for long meanwhile, and rest now.
            self.look_at_snapshot(&mut entry);
        }
        self.runs.insert(run, entry);
        if !is_done {
            self.hold(self.building, Held::Snapshot(run));
        }
    }
}

/// The bytes of a chunk, and whether it is the head.
fn measure(write: &Write) -> (usize, bool) {
    match write {
        Write::Put(Row::Snapshot(row)) => (row.bytes.len(), row.key.chunk == 0),
        _ => (0, false),
    }
}
