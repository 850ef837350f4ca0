//! A run's events are numbered from 1 without gaps, every row decodes, and the payloads that a row
//! keeps outside are there.

use fermata_decider::{Event, Run};
use fermata_runtime::codec;
use fermata_storage::HistoryRow;
use fermata_types::RunId;

use crate::shadow::{Facts, Shadow};
use crate::violation::{Checked, Violation, expect};

const NAME: &str = "history_has_no_gaps";

/// The events of a row.
pub(crate) fn decode(row: &HistoryRow) -> Result<Vec<Event>, Violation> {
    let events = codec::decode(row)
        .map_err(|error| Violation { invariant: NAME, what: error.to_string() })?;
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// A row continues its run where the last one ended.
pub(crate) fn follows(run: &Run, row: &HistoryRow, events: usize) -> Checked {
    let (first, next) = (row.key.first, run.last.next());
    expect(first == next, NAME, || {
        format!("run {} goes on with event {first}, not {next}", run.id)
    })?;
    expect(events > 0 && events == row.count as usize, NAME, || {
        format!("row {}/{first} has {events} events, says {}", run.id, row.count)
    })
}

/// A history that does not begin with the start of its run.
pub(crate) fn no_start(run: RunId) -> Violation {
    Violation { invariant: NAME, what: format!("the history of {run} begins without a start") }
}

/// A history whose definition has no row.
pub(crate) fn no_definition(run: RunId) -> Violation {
    Violation { invariant: NAME, what: format!("run {run} names a definition without a row") }
}

/// Large payloads are in the batch that speaks of them.
pub(crate) fn payloads(shadow: &Shadow, batch: &fermata_storage::Batch, facts: &Facts) -> Checked {
    for write in &batch.writes {
        let fermata_storage::Write::Put(fermata_storage::Row::History(row)) = write else {
            continue;
        };
        let is_deleted = facts.deleted.contains(&row.key.run);
        expect(is_deleted || shadow.payloads_are_there(row), NAME, || {
            format!("row {}/{} has a payload nowhere", row.key.run, row.key.first)
        })?;
    }
    Ok(())
}
