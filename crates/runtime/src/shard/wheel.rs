//! The shard's next deadlines in memory, the others only as rows: a million runs that wait for a
//! far day cost nothing here (design 5).

use std::collections::{BTreeMap, BTreeSet};

use fermata_types::{RunEpoch, RunId, Span, Timestamp};

/// Deadlines of a shard in memory; later ones are read when these run low.
pub const DEADLINES_IN_MEMORY: usize = 4096;
/// How long to leave the store alone after it could not be read.
const AFTER_FAILURE: Span = Span::from_seconds(1);

/// A deadline row's place: earliest first.
pub type Due = (Timestamp, RunId);

/// The earliest durable deadlines, all there are up to an edge.
#[derive(Debug)]
pub(super) struct Wheel {
    due: BTreeMap<Due, RunEpoch>,
    /// Memory has all rows up to here; none when it has all there are.
    edge: Option<Due>,
    bound: usize,
    reading: Option<Reading>,
    /// After a failure, when to go on.
    not_before: Option<Timestamp>,
    /// Deadlines whose runs could not be read: they fire again then.
    failed: BTreeMap<Due, RunEpoch>,
}

/// What has happened while rows were being read.
#[derive(Debug, Default)]
struct Reading {
    added: BTreeMap<Due, RunEpoch>,
    removed: BTreeSet<Due>,
}

impl Wheel {
    pub(super) fn new(bound: usize) -> Self {
        let bound = bound.max(1);
        Self {
            due: BTreeMap::new(),
            edge: None,
            bound,
            reading: None,
            not_before: None,
            failed: BTreeMap::new(),
        }
    }

    /// The first rows there are, found at start.
    pub(super) fn recover(&mut self, rows: Vec<(Due, RunEpoch)>, more: bool) {
        self.edge = rows.last().map(|(due, _)| *due).filter(|_| more);
        self.due = rows.into_iter().collect();
    }

    /// A row has become durable.
    pub(super) fn arm(&mut self, due: Due, epoch: RunEpoch) {
        if let Some(reading) = &mut self.reading {
            reading.removed.remove(&due);
            reading.added.insert(due, epoch);
        }
        self.keep(due, epoch);
    }

    fn keep(&mut self, due: Due, epoch: RunEpoch) {
        if self.edge.is_none_or(|edge| due <= edge) {
            self.due.insert(due, epoch);
        }
        if self.due.len() > self.bound {
            self.due.pop_last();
            self.edge = self.due.last_key_value().map(|(due, _)| *due);
        }
    }

    /// A row is gone.
    pub(super) fn disarm(&mut self, due: Due) {
        if let Some(reading) = &mut self.reading {
            reading.added.remove(&due);
            reading.removed.insert(due);
        }
        self.due.remove(&due);
        self.failed.remove(&due);
    }

    /// When the next one is due, or the next read may be made after one that failed.
    pub(super) fn first(&self) -> Option<Timestamp> {
        let due = self.due.first_key_value().map(|((due, _), _)| *due);
        due.into_iter().chain(self.not_before).min()
    }

    /// Takes out what is due.
    pub(super) fn expire(&mut self, now: Timestamp, at_most: usize) -> Vec<(Due, RunEpoch)> {
        self.not_before = self.not_before.filter(|at| *at > now);
        if self.not_before.is_none() {
            self.due.append(&mut self.failed);
        }
        let mut expired = Vec::new();
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > now || expired.len() >= at_most {
                break;
            }
            let (due, epoch) = entry.remove_entry();
            if let Some(reading) = &mut self.reading {
                reading.added.remove(&due);
            }
            expired.push((due, epoch));
        }
        expired
    }

    /// The rows that have to be read now, if any: those behind a place, at most that many. Until
    /// [`Self::read`] or [`Self::not_read`] no others are asked for.
    pub(super) fn ask(&mut self) -> Option<(Due, usize)> {
        let low = if self.bound < 8 { 1 } else { self.bound / 4 };
        let edge = self.edge?;
        if self.due.len() >= low || self.reading.is_some() || self.not_before.is_some() {
            return None;
        }
        self.reading = Some(Reading::default());
        Some((edge, self.bound - self.due.len()))
    }

    /// What was asked for, and whether there is more.
    pub(super) fn read(&mut self, after: Due, rows: Vec<(Due, RunEpoch)>, more: bool) {
        let Some(Reading { added, removed }) = self.reading.take() else { return };
        if self.edge == Some(after) {
            self.edge = rows.last().map(|(due, _)| *due).filter(|_| more);
            let kept = rows.into_iter().filter(|(due, _)| !removed.contains(due));
            self.due.extend(kept);
        }
        for (due, epoch) in added {
            self.keep(due, epoch);
        }
    }

    /// It could not be read: once more, a little later.
    pub(super) fn not_read(&mut self, now: Timestamp) {
        self.reading = None;
        self.not_before = Some(now.after(AFTER_FAILURE));
    }

    /// A deadline that has fired in vain, since its run could not be read.
    pub(super) fn not_met(&mut self, due: Due, epoch: RunEpoch, now: Timestamp) {
        self.failed.insert(due, epoch);
        self.not_before = Some(now.after(AFTER_FAILURE));
    }

    /// Whether a durable row is in memory, or behind the edge and will be read.
    pub(super) fn covers(&self, due: Due) -> bool {
        self.due.contains_key(&due)
            || self.failed.contains_key(&due)
            || self.edge.is_some_and(|edge| due > edge)
    }

    /// Rows in memory.
    pub(super) fn len(&self) -> usize {
        self.due.len() + self.failed.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fermata_types::{RunEpoch, RunId, ShardKey, Timestamp};
    use proptest::prelude::*;

    use super::{Due, Wheel};

    /// What happens to a shard's deadlines; numbers choose which and how much.
    #[derive(Debug, Clone)]
    enum Step {
        Arm(i64, u32),
        Disarm(usize),
        /// Time goes on.
        Pass(i64),
        /// A read begins: the rows are those of this moment.
        Ask,
        /// It ends.
        Read,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0i64..60, 0u32..8).prop_map(|(ms, run)| Step::Arm(ms, run)),
            2 => any::<usize>().prop_map(Step::Disarm),
            2 => (0i64..15).prop_map(Step::Pass),
            2 => Just(Step::Ask),
            2 => Just(Step::Read),
        ]
    }

    fn run(number: u32) -> RunId {
        RunId::compose(Timestamp::from_ms(1), ShardKey::wrapping(0), number)
    }

    type Read = (Due, Vec<(Due, RunEpoch)>, bool);

    fn ask(wheel: &mut Wheel, rows: &BTreeMap<Due, RunEpoch>) -> Option<Read> {
        let (after, count) = wheel.ask()?;
        let mut found = rows.range(after..).filter(|(due, _)| **due > after);
        let page = found.by_ref().take(count).map(|(due, epoch)| (*due, *epoch)).collect();
        Some((after, page, found.next().is_some()))
    }

    #[test]
    fn a_deadline_that_fired_in_vain_fires_again_a_second_later() {
        let mut wheel = Wheel::new(1);
        let (due, now) = ((Timestamp::from_ms(5), run(1)), Timestamp::from_ms(10));
        wheel.arm(due, RunEpoch(1));
        assert_eq!(wheel.expire(now, 9), [(due, RunEpoch(1))]);
        wheel.not_met(due, RunEpoch(1), now);
        assert!(wheel.covers(due));
        assert!(wheel.expire(now, 9).is_empty());
        let again = wheel.first().expect("there is one");
        assert_eq!(again.since(now).as_ms(), 1000);
        assert_eq!(wheel.expire(again, 9), [(due, RunEpoch(1))]);
        assert_eq!(wheel.first(), None);
    }

    proptest! {
        /// Whatever memory holds, each deadline fires when it is due, once, and none that is gone.
        #[test]
        fn fires_what_the_rows_say(
            bound in 1usize..5, steps in prop::collection::vec(step(), 0..80)
        ) {
            let (mut wheel, mut rows) = (Wheel::new(bound), BTreeMap::new());
            let (mut now, mut reading) = (0, None);
            for step in steps {
                match step {
                    Step::Arm(ms, number) => {
                        let due = (Timestamp::from_ms(now + ms), run(number));
                        rows.insert(due, RunEpoch(1));
                        wheel.arm(due, RunEpoch(1));
                    }
                    Step::Disarm(at) => {
                        let Some(due) = rows.keys().nth(at % rows.len().max(1)).copied() else {
                            continue;
                        };
                        rows.remove(&due);
                        wheel.disarm(due);
                    }
                    Step::Pass(ms) => now += ms,
                    Step::Ask => reading = ask(&mut wheel, &rows).or(reading),
                    Step::Read => {
                        if let Some((after, page, more)) = reading.take() {
                            wheel.read(after, page, more);
                        }
                    }
                }
                prop_assert!(rows.keys().all(|due| wheel.covers(*due)));
                prop_assert!(wheel.len() <= bound);
                if matches!(step, Step::Pass(_)) {
                    // Everything that is asked for is read before time goes on.
                    loop {
                        if let Some((after, page, more)) = reading.take() {
                            wheel.read(after, page, more);
                        }
                        for (due, _) in wheel.expire(Timestamp::from_ms(now), 3) {
                            prop_assert!(due.0.as_ms() <= now);
                            prop_assert!(rows.remove(&due).is_some(), "fires once: {due:?}");
                            wheel.disarm(due);
                        }
                        reading = ask(&mut wheel, &rows);
                        let is_due = wheel.first().is_some_and(|due| due.as_ms() <= now);
                        if reading.is_none() && !is_due {
                            break;
                        }
                    }
                    prop_assert!(rows.keys().all(|(due, _)| due.as_ms() > now));
                }
            }
        }
    }
}
