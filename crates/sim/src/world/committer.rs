//! Commits: the production committer, given a group at a seeded moment and run to its end in this
//! very thread.

use std::sync::{Arc, Mutex, PoisonError};

use fermata_runtime::commit::{Committer, Submission};
use fermata_runtime::engine::recovery;
use fermata_storage::{Batch, Fault};
use fermata_types::{BatchNumber, RunId, ShardId};

use crate::invariants::{
    audits_find_nothing, cursor_never_back, elsewhere_exactly_once,
    every_run_names_what_it_waits_for, history_has_no_gaps, limits_hold, memory_is_the_fold,
    one_completed_attempt, one_run_per_key, outbox_exactly_once_seen, summaries_are_true,
};
use crate::shadow::Facts;
use crate::violation::{Checked, expect};
use crate::world::World;
use crate::world::crash::cannot_open;
use crate::world::driver::shard_id;
use crate::world::process::Shard;

/// Operations of the file layer that one commit may take, rotation included; a crash falls on any.
const OPERATIONS_OF_COMMIT: usize = 9;
/// The same with a checkpoint after it.
const OPERATIONS_OF_CHECKPOINT: usize = 70;

/// How a commit ended for the process.
enum Outcome {
    Done,
    /// The outcome is unknown: the process has to stop.
    Poisoned(String),
}

impl World {
    /// Commits the next batches as one group, perhaps with a fault on the way.
    pub(crate) fn commit(&mut self) -> Checked {
        let many = 1 + self.random.below(self.process.queue.len());
        let group: Vec<_> = self.process.queue.drain(..many).collect();
        let batches: Vec<Batch> = group.iter().map(|(_, item)| item.staged.batch.clone()).collect();
        let numbers: Vec<(usize, BatchNumber)> =
            group.iter().map(|(shard, item)| (*shard, item.staged.number)).collect();
        self.trace.note(self.step, || format!("commits {numbers:?}"));
        self.plan_fault();
        let outcome = self.run_committer(group);
        if let Outcome::Poisoned(error) = outcome {
            let is_planned = self.is_stopping || error.contains("injected");
            expect(is_planned, "commits_are_accepted", || error.clone())?;
            self.trace.note(self.step, || format!("commit fails: {error}"));
            let under_way = self.taken(numbers, batches, |shard, _| shard.bell.refusal().is_none());
            return self.crash(&under_way);
        }
        let durable = self.taken(numbers, batches, |shard, number| shard.bell.durable() >= number);
        self.acknowledged = self.process.store.position().0;
        self.fold(&durable)?;
        self.checkpoint()
    }

    /// The checkpointer goes on, perhaps; a failure in it ends the process.
    fn checkpoint(&mut self) -> Checked {
        let Some(disk) = self.process.disk.upgrade() else { return Ok(()) };
        let store = disk.inner();
        while store.deltas_waiting() > 0 && self.random.chance(self.config.checkpoints) {
            let is_done = store.checkpoint_step();
            self.trace.note(self.step, || format!("checkpoint: {is_done}"));
            if !is_done {
                break;
            }
        }
        let is_poisoned = store.is_poisoned();
        drop(disk);
        if !is_poisoned {
            return Ok(());
        }
        let is_planned = self.is_stopping;
        expect(is_planned, "commits_are_accepted", || "a checkpoint fails".to_owned())?;
        self.crash(&[])
    }

    /// The batches of a group that the committer has not dropped and of which this is true.
    fn taken(
        &self,
        numbers: Vec<(usize, BatchNumber)>,
        batches: Vec<Batch>,
        is_true: impl Fn(&Shard, BatchNumber) -> bool,
    ) -> Vec<Batch> {
        let group = numbers.into_iter().zip(batches);
        let taken = group.filter(|((shard, number), _)| {
            let shard = self.process.shards.get(*shard);
            shard.is_some_and(|shard| !shard.dropped.contains(number) && is_true(shard, *number))
        });
        taken.map(|(_, batch)| batch).collect()
    }

    fn plan_fault(&mut self) {
        if !self.is_faulty {
            return;
        }
        let Some(disk) = self.process.disk.upgrade() else { return };
        let number = disk.commits();
        if self.config.crashes > 0 && self.random.below(1000) < 2 * self.config.crashes {
            let is_commit = self.random.chance(60);
            let many = if is_commit { OPERATIONS_OF_COMMIT } else { OPERATIONS_OF_CHECKPOINT };
            let operation = self.files.operations() + self.random.below(many) as u64;
            self.files.stop_at_operation(operation);
            self.is_stopping = true;
        } else if self.config.crashes > 0 && self.random.below(1000) < self.config.crashes {
            let lost = self.random.chance(50);
            let fault = if lost { Fault::UnknownAndLost } else { Fault::UnknownAndKept };
            disk.fail_commit(number, fault);
        } else if self.config.refusals && self.random.chance(5) {
            let full = self.random.chance(50);
            let fault = if full { Fault::StorageFull } else { Fault::Fenced };
            disk.fail_commit(number, fault);
        }
    }

    /// Gives the group to the production committer, which rings the shards' bells.
    fn run_committer(&self, group: Vec<(usize, Submission)>) -> Outcome {
        let failed: Arc<Mutex<Option<String>>> = Arc::default();
        let told = failed.clone();
        let poisoned = Box::new(move |error: &fermata_storage::CommitError| {
            let mut text = error.to_string();
            let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        });
        let (committer, queue) =
            Committer::new(self.process.store.clone(), self.process.shared.clone(), poisoned);
        for (_, submission) in group {
            // The queue has room for a thousand batches; a simulated group has a few.
            let _ = queue.try_send(submission);
        }
        drop(queue);
        committer.run();
        let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map_or(Outcome::Done, Outcome::Poisoned)
    }

    /// Folds durable batches into the shadow, checking each and then the group.
    pub(crate) fn fold(&mut self, batches: &[Batch]) -> Checked {
        let mut touched: Vec<(ShardId, RunId)> = Vec::new();
        for batch in batches {
            let facts: Facts = self.shadow.commit(batch)?;
            history_has_no_gaps::payloads(&self.shadow, batch, &facts)?;
            cursor_never_back::check(&mut self.shadow, &facts)?;
            one_run_per_key::check(&self.shadow, &facts)?;
            outbox_exactly_once_seen::check(&self.shadow, &facts)?;
            elsewhere_exactly_once::check(&mut self.shadow, &facts)?;
            for run in &facts.touched {
                touched.push((facts.shard, *run));
            }
        }
        limits_hold::check(&self.shadow)?;
        touched.sort_unstable();
        touched.dedup();
        for (shard, run) in touched {
            every_run_names_what_it_waits_for::check(&self.shadow, shard, run)?;
            summaries_are_true::check(&self.shadow, shard, run)?;
            one_completed_attempt::check(&self.shadow, run)?;
        }
        Ok(())
    }

    /// A shard hears of its commits: bells ring, or all states are dropped.
    pub(crate) fn tell(&mut self, index: usize) -> Checked {
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        let refusal = shard.bell.refusal();
        let durable = shard.bell.durable();
        if durable > shard.seen {
            shard.seen = durable;
            self.trace.note(self.step, || format!("shard {index} hears of batch {durable}"));
            shard.machine.handle_committed(durable);
            self.carry_out(index)?;
        }
        if let Some(failure) = refusal {
            self.refused(index, failure)?;
        }
        self.audit(index)
    }

    /// As the driver does when nothing of a batch was written.
    fn refused(
        &mut self,
        index: usize,
        failure: fermata_runtime::shard::request::Failure,
    ) -> Checked {
        self.trace.note(self.step, || format!("shard {index} is refused: {failure:?}"));
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        let queue = self.process.queue.iter().filter(|(shard, _)| *shard == index);
        shard.dropped.extend(queue.map(|(_, item)| item.staged.number));
        shard.machine.handle_refused(failure);
        shard.loads.clear();
        shard.scripts.clear();
        self.carry_out(index)?;
        let process = &mut self.process;
        let Some(shard) = process.shards.get_mut(index) else { return Ok(()) };
        let (id, mut rows) = (shard_id(index), Vec::new());
        let read =
            recovery::recover_shard(&*process.store, id, &mut shard.machine).and_then(|()| {
                recovery::recover_queues_of(&*process.store, id, |key, epoch| {
                    rows.push((key, epoch))
                })
            });
        shard.bell.reset();
        for (key, epoch) in rows {
            let served = self.process.hub.found(&key, epoch, self.now);
            self.serve(served);
        }
        match read {
            // The disk has stopped: the process ends at its next commit at the latest.
            Err(_) if self.is_stopping => self.crash(&[]),
            read => read.map_err(|error| cannot_open(&error)),
        }
    }

    /// Compares memory with the durable rows, if the shard has caught up.
    fn audit(&mut self, index: usize) -> Checked {
        self.submit(index);
        let Some(shard) = self.process.shards.get(index) else { return Ok(()) };
        let (durable, building) = shard.machine.batches();
        if durable.next() != building {
            return Ok(());
        }
        let loading = shard.loading();
        let known = audits_find_nothing::Known {
            shard: shard_id(index),
            machine: &shard.machine,
            hub: &self.process.hub,
            in_hand: &self.process.in_hand,
            loading: &loading,
        };
        audits_find_nothing::check(&self.shadow, &known)?;
        memory_is_the_fold::check(&shard.machine, &self.shadow)
    }
}
