//! Crashes: of the process, of the machine, in the middle of a commit and of recovery.

use fermata_runtime::shard::load;
use fermata_storage::{Batch, Family, ScanRange};
use fermata_store_embedded::Keep;

use crate::invariants::{committed_groups_survive, snapshots_are_whole};
use crate::violation::{Checked, Violation};
use crate::world::World;
use crate::world::process::{Disk, Process};

/// Operations of the file layer among which a crash during recovery falls.
const OPERATIONS_OF_RECOVERY: usize = 40;

impl World {
    /// The server dies, perhaps with a group under way, and comes back.
    pub(crate) fn crash(&mut self, under_way: &[Batch]) -> Checked {
        self.lives += 1;
        // Memory is gone; so are all answers that had not left.
        self.process.die();
        // A disk that is about to stop does not live on.
        let has_stopped = std::mem::take(&mut self.is_stopping);
        if has_stopped || self.random.chance(75) {
            let keep = self.draw_keep();
            self.trace.note(self.step, || format!("CRASH, the disk keeps {keep:?}"));
            self.files.crash(keep);
        } else {
            self.trace.note(self.step, || "KILLED, the disk lives on".to_owned());
        }
        if self.is_faulty && self.random.chance(15) {
            self.crash_in_recovery();
        }
        let disk = Process::open(&self.files, &self.config).map_err(|error| cannot_open(&error))?;
        if committed_groups_survive::kept(&disk, self.acknowledged, under_way)? {
            self.fold(under_way)?;
        }
        committed_groups_survive::check(&disk, &self.shadow)?;
        self.boot(disk)?;
        snapshots_are_whole::check(self)?;
        self.workers.lose_some(&mut self.random);
        Ok(())
    }

    /// The server starts on an opened store: it takes the shards under a new epoch, which is a
    /// commit of its own.
    pub(crate) fn boot(&mut self, disk: Disk) -> Checked {
        let salt = self.random.next();
        let booted = Process::boot(disk, &self.config, salt, self.now);
        self.process = booted.map_err(|error| cannot_open(&error))?;
        self.know_shards()?;
        // As each shard's driver does first: what recovery wants to be posted or read.
        (0..self.process.shards.len()).try_for_each(|shard| self.carry_out(shard))
    }

    /// The shadow learns what taking the shards has written.
    pub(crate) fn know_shards(&mut self) -> Checked {
        self.acknowledged = self.process.store.position().0;
        load::scan_all(&*self.process.store, &ScanRange::Family(Family::Shard), |row| {
            self.shadow.rows.insert(row.key(), row);
        })
        .map_err(|error| cannot_open(&error))
    }

    fn draw_keep(&mut self) -> Keep {
        let keeps = [Keep::Nothing, Keep::Everything, Keep::Data, Keep::Names, Keep::Subset];
        self.random.pick(&keeps).copied().unwrap_or(Keep::Subset)
    }

    /// Recovery is interrupted before it succeeds.
    fn crash_in_recovery(&mut self) {
        let operation = self.files.operations() + self.random.below(OPERATIONS_OF_RECOVERY) as u64;
        self.files.stop_at_operation(operation);
        drop(Process::open(&self.files, &self.config));
        let keep = self.draw_keep();
        self.trace.note(self.step, || format!("CRASH in recovery, the disk keeps {keep:?}"));
        self.files.crash(keep);
    }
}

/// What a store that cannot be opened or read violates.
pub(crate) fn cannot_open(error: &dyn std::error::Error) -> Violation {
    let what = format!("the store cannot be opened: {}", chain(error));
    Violation { invariant: "committed_groups_survive", what }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
