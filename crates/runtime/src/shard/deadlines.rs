//! Deadline rows: what a run has staged of them, and keeping them right.
//!
//! One promise holds at every commit: a run that waits for a time has a row that is due no later.
//! A row may be due earlier, and a run may have left others behind; whoever meets one removes it
//! and writes the right one, and the row of a run that is gone is only removed.

use fermata_decider::Event;
use fermata_decider::Run;
use fermata_decider::run::clock;
use fermata_storage::{DueDeadlineKey, DueDeadlineRow, Row, RowKey, Write};
use fermata_types::{RunId, Timestamp};

use crate::mutant::Mutant;
use crate::shard::entry::Entry;
use crate::shard::machine::{Held, LoadRequest, Machine, Output};
use crate::shard::wheel::Due;

/// What is known of a run's deadline rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Armed {
    /// The row as it was staged last, or as the run's history tells: the one to remove. It may be
    /// gone already.
    pub row: Option<Timestamp>,
    /// There is surely a row that is due no later than this.
    pub assured: Option<Timestamp>,
}

/// When a run has to be looked at: its earliest deadline, or 0 while work is unfinished, so that
/// recovery resumes it.
#[must_use]
pub fn wanted(run: &Run) -> Option<Timestamp> {
    if run.is_quiet() { clock::next_deadline(run) } else { Some(Timestamp::ZERO) }
}

/// Follows a run's history and finds out which row it has, without reading it.
#[derive(Debug, Default)]
pub struct Follower {
    row: Option<Timestamp>,
    wanted: Option<Timestamp>,
}

impl Follower {
    /// Of a state whose earlier history is not read: it is taken to have just the row it needs.
    #[must_use]
    pub fn begin(run: &Run) -> Self {
        let wanted = wanted(run);
        Self { row: wanted, wanted }
    }

    /// A row of history has been applied.
    pub fn after(&mut self, run: &Run, events: &[(bool, Event)]) {
        let at = events.iter().filter_map(|(_, event)| time_of(event)).max();
        if let Some(at) = at.filter(|at| self.row.is_some_and(|row| row <= *at)) {
            // It has fired meanwhile, and the next one was written.
            self.row = self.wanted.filter(|next| *next > at);
        }
        self.wanted = wanted(run);
        match self.wanted {
            Some(due) if self.row.is_none_or(|row| due < row) => self.row = Some(due),
            None if run.status.is_terminal() => self.row = None,
            _ => {}
        }
    }

    /// What the run has.
    #[must_use]
    pub const fn armed(&self) -> Armed {
        Armed { row: self.row, assured: self.wanted }
    }
}

fn time_of(event: &Event) -> Option<Timestamp> {
    match event {
        Event::TaskScheduled(scheduled) => Some(scheduled.at),
        Event::TaskClosed(closed) => Some(closed.at),
        Event::TaskLeased { at, .. }
        | Event::TaskProgressed { at, .. }
        | Event::LeaseExtended { at, .. }
        | Event::TaskReturned { at, .. }
        | Event::StartRequested { at, .. }
        | Event::EventPublished { at, .. } => Some(*at),
        _ => None,
    }
}

impl Machine {
    fn due_key(&self, run: RunId, due: Timestamp) -> DueDeadlineKey {
        DueDeadlineKey { shard: self.shard, due, run }
    }

    /// Removes a deadline row.
    pub(super) fn unstage_deadline(&mut self, run: RunId, due: Timestamp) {
        self.stage(Write::Delete(RowKey::DueDeadline(self.due_key(run, due))));
        self.hold(self.building, Held::Disarm((due, run)));
    }

    /// A row was met: it is spent, whichever it was.
    pub(super) fn deadline_met(&mut self, entry: &mut Entry, due: Timestamp) {
        if entry.armed.row != Some(due) {
            entry.touched = self.building;
            self.unstage_deadline(entry.run.id, due);
        }
        entry.armed.assured = None;
    }

    /// Keeps the run's deadline row right. A later deadline does not touch it: it is met early
    /// then, and the next one is written.
    pub(super) fn stage_deadline(&mut self, entry: &mut Entry, now: Timestamp) {
        let Armed { row, assured } = entry.armed;
        let is_spent = row.is_some_and(|row| row <= now || assured.is_none());
        let id = entry.run.id;
        let Some(due) = wanted(&entry.run) else {
            if let Some(row) = row.filter(|_| is_spent || entry.run.status.is_terminal()) {
                entry.touched = self.building;
                self.unstage_deadline(id, row);
                entry.armed = Armed::default();
            }
            return;
        };
        // A row for unfinished work is for recovery only: memory already works on it.
        let is_resumption = due == Timestamp::ZERO;
        let is_there = row == Some(due) && assured == Some(due);
        let is_armed = is_resumption || self.wheel.covers((due, id));
        if (is_there && is_armed) || (!is_spent && assured.is_some_and(|sure| sure <= due)) {
            return;
        }
        entry.touched = self.building;
        if let Some(row) = row.filter(|row| *row != due) {
            self.unstage_deadline(id, row);
        }
        let run_epoch = entry.run.epoch;
        let lost = if is_resumption { Mutant::LostContinue } else { Mutant::LostDeadlineRow };
        if !self.has(lost) {
            let key = self.due_key(id, due);
            self.stage(Write::Put(Row::DueDeadline(DueDeadlineRow { key, run_epoch })));
        }
        if !is_resumption {
            self.hold(self.building, Held::Arm((due, id), run_epoch));
        }
        entry.armed = Armed { row: Some(due), assured: Some(due) };
    }

    /// Asks for later deadlines when those in memory have run low.
    pub(super) fn ask_for_deadlines(&mut self) {
        if let Some((after, count)) = self.wheel.ask() {
            self.outputs.push_back(Output::Load(LoadRequest::Deadlines(after, count)));
        }
    }

    /// Whether a durable deadline row is known, or will be read in time; for the simulation's
    /// invariants.
    #[must_use]
    pub fn is_armed(&self, due: Due) -> bool {
        self.wheel.covers(due)
    }

    /// Deadlines in memory.
    #[must_use]
    pub fn deadlines_in_memory(&self) -> usize {
        self.wheel.len()
    }
}
