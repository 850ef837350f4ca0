//! What happens once a batch is durable, and what is held until then: the answer barrier.

use fermata_types::{BatchNumber, RunId, Timestamp};

use crate::mutant::Mutant;
use crate::shard::machine::{Held, Machine, Output};
use crate::shard::request::{Answer, Token};

impl Machine {
    /// Holds something until a batch is durable; releases it now if it is already.
    pub(super) fn hold(&mut self, barrier: BatchNumber, held: Held) {
        if barrier <= self.durable || self.has(Mutant::ReleaseBeforeCommit) {
            self.release(held);
        } else {
            self.held.entry(barrier).or_default().push(held);
        }
    }

    /// Answers once everything the answer speaks of is durable.
    pub(super) fn answer(&mut self, barrier: BatchNumber, token: Token, answer: Answer) {
        self.hold(barrier, Held::Output(Output::Answer(token, answer)));
    }

    pub(super) fn release(&mut self, held: Held) {
        match held {
            Held::Output(output) => self.outputs.push_back(output),
            Held::Arm(due, epoch) => self.wheel.arm(due, epoch),
            Held::Disarm(due) => self.wheel.disarm(due),
            Held::Post(target, number) => self.post(target, number),
            Held::Snapshot(run) => self.stage_snapshot(run),
        }
    }

    /// The barrier of an answer about a run that is not there: the newest staged batch.
    pub(super) fn newest(&self) -> BatchNumber {
        if self.staged.is_empty() { BatchNumber(self.building.0 - 1) } else { self.building }
    }

    /// The barrier of an answer about a run: the last batch that touched it.
    pub(super) fn barrier(&self, run: RunId) -> BatchNumber {
        self.runs.get(&run).map_or_else(|| self.newest(), |entry| entry.touched)
    }

    /// Answers those who have waited for a quiet run long enough.
    pub(super) fn answer_late_waiters(&mut self, now: Timestamp) {
        let mut late = Vec::new();
        while let Some((until, run)) = self.late.first().copied() {
            if until > now {
                break;
            }
            self.late.remove(&(until, run));
            let Some(entry) = self.runs.get_mut(&run) else { continue };
            let mut kept = Vec::new();
            for waiter in std::mem::take(&mut entry.quiet_waiters) {
                if waiter.until <= now {
                    late.push(waiter);
                } else {
                    kept.push(waiter);
                }
            }
            entry.quiet_waiters = kept;
        }
        for waiter in late {
            self.answer(waiter.decided, waiter.token, waiter.answer);
        }
    }

    /// Answers those who waited for a run that is quiet now.
    pub(super) fn answer_quiet(&mut self, run: RunId) {
        let Some(entry) = self.runs.get_mut(&run) else { return };
        if entry.quiet_waiters.is_empty() || !entry.run.is_quiet() {
            return;
        }
        for waiter in std::mem::take(&mut entry.quiet_waiters) {
            self.answer(waiter.decided, waiter.token, waiter.answer);
        }
    }

    /// Forgets idle runs when there are too many in memory, the least recently used first.
    pub(super) fn forget_idle_runs(&mut self) {
        if self.runs.len() <= self.cached_runs {
            return;
        }
        let early = self.has(Mutant::EarlyEviction);
        let durable = if early { self.building } else { self.durable };
        let mut idle: Vec<(bool, u64, RunId)> = self
            .runs
            .iter()
            .filter(|(run, entry)| entry.is_idle(durable) && !self.watches.contains_key(run))
            .map(|(run, entry)| (!entry.run.status.is_terminal(), entry.used, *run))
            .collect();
        idle.sort_unstable();
        let keep = self.cached_runs / 2;
        let surplus = self.runs.len().saturating_sub(keep);
        for (_, _, run) in idle.into_iter().take(surplus) {
            self.runs.remove(&run);
        }
    }
}
