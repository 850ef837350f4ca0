//! A run in memory, with what the machine keeps beside its state.

use std::collections::{BTreeMap, BTreeSet};

use fermata_decider::Run;
use fermata_decider::context::PendingMessage;
use fermata_decider::needs::{Evaluated, EvaluationKey, Needs};
use fermata_decider::run::Stored;
use fermata_types::{BatchNumber, EventNumber, MessageOffset, Timestamp};

use crate::shard::deadlines::Armed;
use crate::shard::relay::Pending;
use crate::shard::snapshot::Progress;

/// A run in memory.
#[derive(Debug)]
pub struct Entry {
    /// Its state: one, never a working and a committed copy.
    pub run: Run,
    /// The last batch that touched it: the barrier of every answer about it.
    pub touched: BatchNumber,
    /// What is known of its deadline rows.
    pub armed: Armed,
    /// Results of evaluations, until the run has moved on.
    pub results: BTreeMap<EvaluationKey, Evaluated>,
    /// Payloads loaded for the decision at hand.
    pub payloads: BTreeMap<Stored, fermata_types::Payload>,
    /// Pending messages loaded for the decision at hand.
    pub messages: BTreeMap<MessageOffset, PendingMessage>,
    /// What has been asked for and not come yet.
    pub asked: Asked,
    /// Commands that wait for what has been asked for.
    pub parked: Vec<Pending>,
    /// Answers that wait for the run to be quiet, each with its latest time.
    pub quiet_waiters: Vec<QuietWaiter>,
    /// Its `Continue` is in the queue.
    pub continues: bool,
    /// When it was last used, in the machine's count of commands.
    pub used: u64,
    /// The number of the last log line of each task that was asked about.
    pub log_lines: BTreeMap<fermata_types::TaskNumber, u32>,
    /// Events of the turn at hand whose payloads are gone before they were written.
    pub forgotten: BTreeSet<EventNumber>,
    /// It began in this memory, so that tasks nobody has asked about have no log lines.
    pub is_new: bool,
    /// Its snapshots.
    pub(super) snapshot: Progress,
}

/// An answer held until the run is quiet.
#[derive(Debug)]
pub struct QuietWaiter {
    /// Whom to answer.
    pub token: crate::shard::request::Token,
    /// With what.
    pub answer: crate::shard::request::Answer,
    /// At the latest then.
    pub until: Timestamp,
    /// The batch of what it answers: its barrier, and all that it speaks of.
    pub decided: BatchNumber,
}

/// Requests under way.
#[derive(Debug, Default)]
pub struct Asked {
    /// Scripts in the pool.
    pub evaluations: BTreeSet<EvaluationKey>,
    /// Payloads being read.
    pub payloads: BTreeSet<Stored>,
    /// Whether messages are being read.
    pub messages: bool,
    /// Tasks whose last log line is being looked for.
    pub log_lines: BTreeSet<fermata_types::TaskNumber>,
}

impl Asked {
    /// Whether anything is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.evaluations.is_empty()
            && self.payloads.is_empty()
            && !self.messages
            && self.log_lines.is_empty()
    }
}

impl Entry {
    /// Around a state that was just made or loaded.
    #[must_use]
    pub fn new(run: Run, armed: Armed) -> Self {
        Self {
            run,
            touched: BatchNumber(0),
            armed,
            results: BTreeMap::new(),
            payloads: BTreeMap::new(),
            messages: BTreeMap::new(),
            asked: Asked::default(),
            parked: Vec::new(),
            quiet_waiters: Vec::new(),
            continues: false,
            used: 0,
            log_lines: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            is_new: true,
            snapshot: Progress::default(),
        }
    }

    /// Whether it may leave memory: everything durable, nothing waiting.
    #[must_use]
    pub fn is_idle(&self, durable: BatchNumber) -> bool {
        self.touched <= durable
            && self.asked.is_empty()
            && self.parked.is_empty()
            && self.quiet_waiters.is_empty()
            && !self.continues
            && self.snapshot.under_way.is_none()
    }

    /// The part of `needs` that has not been asked for yet; it counts as asked from now on.
    pub fn ask(&mut self, needs: Needs) -> Needs {
        let mut fresh = Needs::default();
        for request in needs.evaluations {
            if self.asked.evaluations.insert(request.key) {
                fresh.evaluations.push(request);
            }
        }
        for stored in needs.payloads {
            if self.asked.payloads.insert(stored) {
                fresh.payloads.push(stored);
            }
        }
        if needs.messages.is_some() && !self.asked.messages {
            self.asked.messages = true;
            fresh.messages = needs.messages;
        }
        fresh
    }
}
