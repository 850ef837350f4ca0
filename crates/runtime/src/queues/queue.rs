//! One queue: its best ready rows and its earliest delayed rows in memory, the others only in the
//! store, and the polls that wait.
//!
//! A row is *moved* once its time has come; the moved ones compete by place, the others wait by
//! moment. Of each kind memory holds the first ones up to an edge, whole: what lies behind an
//! edge has to be read before it is handed out or moved. Rows that come and go while a read is
//! under way are kept beside it and put right when it ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fermata_types::{RunEpoch, Timestamp};

use crate::queues::hub::WaiterId;
use crate::queues::place::{Bounds, Moment, Place};
use crate::queues::reading::{Ask, Found};

/// One queue of the hub.
#[derive(Debug)]
pub(super) struct Queue {
    ready: BTreeMap<Place, RunEpoch>,
    /// The last place up to which memory has all moved rows; none when it has all there are.
    edge: Option<Place>,
    delayed: BTreeMap<Moment, RunEpoch>,
    /// The last moment up to which memory has all rows that are not moved; none: all there are.
    delayed_edge: Option<Moment>,
    /// Rows up to here are moved.
    moved: Moment,
    /// Durable rows, those in hand included.
    pub(super) rows: usize,
    pub(super) waiters: VecDeque<WaiterId>,
    /// When the hub will look at it again.
    pub(super) timer: Option<Timestamp>,
    reading: Option<Reading>,
}

/// What has happened to the queue while it was being read.
#[derive(Debug, Default)]
struct Reading {
    added: BTreeMap<Place, RunEpoch>,
    removed: BTreeSet<Place>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            ready: BTreeMap::new(),
            edge: None,
            delayed: BTreeMap::new(),
            delayed_edge: None,
            moved: Moment::first(),
            rows: 0,
            waiters: VecDeque::new(),
            timer: None,
            reading: None,
        }
    }
}

impl Queue {
    pub(super) fn is_unused(&self) -> bool {
        self.rows == 0
            && self.ready.is_empty()
            && self.delayed.is_empty()
            && self.edge.is_none()
            && self.delayed_edge.is_none()
            && self.waiters.is_empty()
            && self.reading.is_none()
    }

    /// A row that is durable and in nobody's hands.
    pub(super) fn put(&mut self, place: Place, epoch: RunEpoch, bounds: Bounds) {
        if let Some(reading) = &mut self.reading {
            reading.removed.remove(&place);
            reading.added.insert(place, epoch);
        }
        self.keep(place, epoch, bounds);
    }

    /// Keeps a row in memory if it lies before the edge of its kind.
    fn keep(&mut self, place: Place, epoch: RunEpoch, bounds: Bounds) {
        let moment = Moment::of(place);
        if moment > self.moved {
            if self.delayed_edge.is_none_or(|edge| moment <= edge) {
                self.delayed.insert(moment, epoch);
            }
        } else if self.edge.is_none_or(|edge| place <= edge) {
            self.ready.insert(place, epoch);
        }
        self.cut(bounds);
    }

    /// Leaves to the store what is too much for memory.
    fn cut(&mut self, bounds: Bounds) {
        if self.ready.len() > bounds.ready {
            while self.ready.len() > bounds.ready.max(1) {
                self.ready.pop_last();
            }
            self.edge = self.ready.last_key_value().map(|(place, _)| *place);
        }
        if self.delayed.len() > bounds.delayed {
            while self.delayed.len() > bounds.delayed.max(1) {
                self.delayed.pop_last();
            }
            self.delayed_edge = self.delayed.last_key_value().map(|(moment, _)| *moment);
        }
    }

    /// A row is gone.
    pub(super) fn remove(&mut self, place: Place) {
        if let Some(reading) = &mut self.reading {
            reading.added.remove(&place);
            reading.removed.insert(place);
        }
        self.ready.remove(&place);
        self.delayed.remove(&Moment::of(place));
    }

    /// The best row, if memory knows which one that is.
    pub(super) fn best(&self) -> Option<Place> {
        self.ready.first_key_value().map(|(place, _)| *place)
    }

    /// Takes the best row out of memory, into somebody's hands.
    pub(super) fn pop(&mut self) -> Option<(Place, RunEpoch)> {
        let (place, epoch) = self.ready.pop_first()?;
        if let Some(reading) = &mut self.reading {
            reading.added.remove(&place);
        }
        Some((place, epoch))
    }

    /// Moves what has become due, as far as memory knows it.
    pub(super) fn advance(&mut self, now: Timestamp, bounds: Bounds) {
        let until = Moment::after(now);
        let until = self.delayed_edge.map_or(until, |edge| edge.min(until));
        if until <= self.moved {
            return;
        }
        self.moved = until;
        while let Some(entry) = self.delayed.first_entry() {
            if *entry.key() > until {
                break;
            }
            let (moment, epoch) = entry.remove_entry();
            let Some((shard, ready)) = moment.row else { continue };
            self.put((ready, shard), epoch, bounds);
        }
    }

    /// When the next row has to be moved; none when that has to be read first.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.delayed.first_key_value().map(|(moment, _)| moment.due)
    }

    /// What has to be read now, if anything: memory has run low on rows that the store has.
    /// Until [`Self::read`] or [`Self::not_read`] nothing else is asked for.
    pub(super) fn ask(&mut self, queue: &str, bounds: Bounds) -> Option<Ask> {
        if !self.wants_read(bounds) {
            return None;
        }
        self.reading = Some(Reading::default());
        let is_low = self.ready.len() < low(bounds.ready);
        let is_delayed_low = self.delayed.len() < low(bounds.delayed);
        Some(Ask {
            queue: queue.to_owned(),
            moved: self.moved,
            ready: self.edge.filter(|_| is_low),
            ready_count: bounds.ready.saturating_sub(self.ready.len()),
            delayed: self.delayed_edge.filter(|_| is_delayed_low),
            delayed_count: bounds.delayed.saturating_sub(self.delayed.len()),
        })
    }

    pub(super) fn wants_read(&self, bounds: Bounds) -> bool {
        let is_low = self.ready.len() < low(bounds.ready);
        let is_delayed_low = self.delayed.len() < low(bounds.delayed);
        self.reading.is_none()
            && ((self.edge.is_some() && is_low) || (self.delayed_edge.is_some() && is_delayed_low))
    }

    /// What was asked for. A part whose edge has moved meanwhile is not used.
    pub(super) fn read(&mut self, ask: &Ask, found: Found, bounds: Bounds) {
        let Some(Reading { added, removed }) = self.reading.take() else { return };
        let is_kept = |place: &Place| !removed.contains(place);
        if ask.ready.is_some() && ask.ready == self.edge {
            self.edge = found.ready.last().map(|(place, _)| *place).filter(|_| found.ready_more);
            self.ready.extend(found.ready.into_iter().filter(|(place, _)| is_kept(place)));
        }
        if ask.delayed.is_some() && ask.delayed == self.delayed_edge {
            let last = found.delayed.last().map(|(place, _)| Moment::of(*place));
            self.delayed_edge = last.filter(|_| found.delayed_more);
            let kept = found.delayed.into_iter().filter(|(place, _)| is_kept(place));
            self.delayed.extend(kept.map(|(place, epoch)| (Moment::of(place), epoch)));
        }
        for (place, epoch) in added {
            self.keep(place, epoch, bounds);
        }
        self.cut(bounds);
    }

    /// It could not be read.
    pub(super) fn not_read(&mut self) {
        self.reading = None;
    }

    /// Rows in memory.
    pub(super) fn in_memory(&self) -> impl Iterator<Item = Place> {
        let delayed = self.delayed.keys().filter_map(|moment| moment.row);
        self.ready.keys().copied().chain(delayed.map(|(shard, ready)| (ready, shard)))
    }

    /// How many rows are in memory.
    pub(super) fn held(&self) -> usize {
        self.ready.len() + self.delayed.len()
    }

    /// Whether a row is in memory.
    pub(super) fn has(&self, place: Place) -> bool {
        self.ready.contains_key(&place) || self.delayed.contains_key(&Moment::of(place))
    }

    /// Whether a row is in memory, or behind an edge and will be read.
    pub(super) fn knows(&self, place: Place) -> bool {
        let moment = Moment::of(place);
        if moment > self.moved {
            self.delayed.contains_key(&moment) || self.delayed_edge.is_some_and(|e| moment > e)
        } else {
            self.ready.contains_key(&place) || self.edge.is_some_and(|edge| place > edge)
        }
    }
}

/// Fewer rows than that are few.
const fn low(bound: usize) -> usize {
    if bound < 8 { 1 } else { bound / 4 }
}
