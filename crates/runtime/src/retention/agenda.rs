//! Which shard's ended rows are due to be looked at, and from where on. No clock and no I/O.
//!
//! Rows of a shard lie in the order in which their runs ended. For each age that a rule names there
//! is a cursor for each shard: what lies before it has been looked at for that age. So every row is
//! looked at once for each age, when it has just reached it, and none is looked at for nothing.

use std::collections::{BTreeMap, BTreeSet};

use fermata_storage::{EndedKey, EndedKind, EndedRow};
use fermata_types::{ShardId, Span, Timestamp};

use crate::retention::{Rules, Then};

/// A place that is due: the rows of a shard that have reached an age, after a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The shard.
    pub shard: ShardId,
    /// The age.
    pub age: Span,
    /// The last row looked at.
    pub after: Option<EndedKey>,
}

/// What is due when.
#[derive(Debug)]
pub struct Agenda {
    rules: Rules,
    due: BTreeSet<(Timestamp, Span, ShardId)>,
    cursors: BTreeMap<(Span, ShardId), EndedKey>,
}

impl Agenda {
    /// All shards, all ages, from the beginning.
    #[must_use]
    pub fn new(rules: Rules, shards: u16) -> Self {
        let due = rules
            .ages()
            .into_iter()
            .flat_map(|age| (0..shards).map(move |shard| (Timestamp::ZERO, age, ShardId(shard))))
            .collect();
        Self { rules, due, cursors: BTreeMap::new() }
    }

    /// When the next place is due; none without rules.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// Takes the first place, if it is due. [`Agenda::read`] puts it back.
    pub fn take(&mut self, now: Timestamp) -> Option<Place> {
        let (due, age, shard) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.due.pop_first();
        Some(Place { shard, age, after: self.cursors.get(&(age, shard)).copied() })
    }

    /// Takes up what was read at a place, the rows in order and whether more follow: answers what
    /// is to be removed and how, and moves the cursor behind it.
    pub fn read(
        &mut self,
        place: Place,
        rows: Vec<EndedRow>,
        more: bool,
        now: Timestamp,
    ) -> Vec<(EndedRow, Then)> {
        let Place { shard, age, .. } = place;
        let mut found = Vec::new();
        // Without a later row, none that ends from now on reaches the age before this.
        let mut next = if more { now } else { now.after(age) };
        for row in rows {
            let reaches = row.key.at.after(age);
            if reaches > now {
                next = reaches;
                break;
            }
            self.cursors.insert((age, shard), row.key);
            if let Some(then) = self.decide(&row, age) {
                found.push((row, then));
            }
        }
        self.due.insert((next, age, shard));
        found
    }

    /// Each row is decided at one age only: a run's at its rule's, all else at the lowest.
    fn decide(&self, row: &EndedRow, age: Span) -> Option<Then> {
        match row.kind {
            EndedKind::Run => {
                let rule = self.rules.of(&row.name, row.status)?;
                (rule.age == age).then_some(rule.then)
            }
            EndedKind::Orphan | EndedKind::Key(_) => {
                (self.rules.ages().first() == Some(&age)).then_some(Then::Delete)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fermata_types::{RunId, RunStatus, ShardKey};

    use super::*;

    fn row(ms: i64, name: &str, kind: EndedKind) -> EndedRow {
        let at = Timestamp::from_ms(ms);
        let run = RunId::compose(at, ShardKey::wrapping(1), 1);
        let key = EndedKey { shard: ShardId(0), at, run };
        EndedRow { key, name: name.to_owned(), status: RunStatus::Completed, kind }
    }

    fn agenda(rules: &[&str], shards: u16) -> Agenda {
        Agenda::new(Rules(rules.iter().map(|rule| rule.parse().expect("a rule")).collect()), shards)
    }

    fn names(found: Vec<(EndedRow, Then)>) -> Vec<String> {
        found.into_iter().map(|(row, _)| row.name).collect()
    }

    #[test]
    fn each_row_is_decided_once_at_its_own_age() {
        let mut agenda = agenda(&["age=2s,definition=late", "age=1s"], 1);
        let rows = || vec![row(0, "late", EndedKind::Run), row(500, "early", EndedKind::Run)];
        let now = Timestamp::from_ms(1000);
        let first = agenda.take(now).expect("due at once");
        assert_eq!((first.age, first.after), (Span::from_ms(1000), None));
        assert_eq!(names(agenda.read(first, rows(), false, now)), [""; 0]);
        let second = agenda.take(now).expect("due at once");
        assert_eq!(second.age, Span::from_ms(2000));
        assert_eq!(names(agenda.read(second, rows(), false, now)), [""; 0]);
        assert_eq!(agenda.next(), Some(Timestamp::from_ms(1500)), "when `early` reaches its age");
        assert_eq!(agenda.take(now), None);

        let now = Timestamp::from_ms(2100);
        let first = agenda.take(now).expect("due");
        let after = first.after.expect("behind `late`");
        assert_eq!(after.at, Timestamp::from_ms(0));
        let rest = rows().into_iter().filter(|row| row.key > after).collect();
        assert_eq!(names(agenda.read(first, rest, false, now)), ["early"]);
        let second = agenda.take(now).expect("due");
        assert_eq!(names(agenda.read(second, rows(), false, now)), ["late"]);
        assert_eq!(
            agenda.next(),
            Some(Timestamp::from_ms(2500)),
            "when `early` is two seconds old"
        );
    }

    #[test]
    fn leftovers_go_at_the_lowest_age_and_runs_without_a_rule_stay() {
        let mut agenda = agenda(&["age=1s,status=FAILED", "age=5s,status=FAILED"], 1);
        let rows = vec![
            row(0, "kept", EndedKind::Run),
            row(1, "orphan", EndedKind::Orphan),
            row(2, "key", EndedKind::Key("k".to_owned())),
        ];
        let now = Timestamp::from_ms(9000);
        let place = agenda.take(now).expect("due");
        assert_eq!(names(agenda.read(place, rows.clone(), false, now)), ["orphan", "key"]);
        let place = agenda.take(now).expect("due");
        assert_eq!(names(agenda.read(place, rows, false, now)), [""; 0]);
    }

    #[test]
    fn a_full_page_goes_on_at_once_and_without_rules_nothing_is_due() {
        let mut full = agenda(&["age=1s"], 2);
        let now = Timestamp::from_ms(9000);
        let place = full.take(now).expect("due");
        full.read(place, vec![row(0, "a", EndedKind::Run)], true, now);
        let other = full.take(now).expect("the other shard first");
        assert_eq!(other.shard, ShardId(1));
        full.read(other, Vec::new(), false, now);
        assert_eq!(full.next(), Some(now));
        assert_eq!(agenda(&[], 4).next(), None);
    }
}
