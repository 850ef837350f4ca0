//! Results, log lines and messages that were acknowledged are there at the end: the attempt shows
//! that very output, the line has its row, the message was taken once or waits.

use fermata_storage::Row;

use crate::invariants::release_after_commit::{closed_with, logged};
use crate::ledger::Ledger;
use crate::shadow::Shadow;
use crate::violation::{Checked, Violation, expect};

const NAME: &str = "acknowledged_results_kept";

/// The whole ledger at the end of a world.
pub(crate) fn check(shadow: &Shadow, ledger: &Ledger) -> Checked {
    let renamed = |violation: Violation| Violation { invariant: NAME, ..violation };
    for (task, tag) in &ledger.results {
        if !shadow.deleted.contains(&task.run()) {
            closed_with(shadow, *task, tag).map_err(renamed)?;
        }
    }
    for (task, text) in &ledger.lines {
        logged(shadow, *task, text).map_err(renamed)?;
    }
    for (id, run) in &ledger.messages {
        let is_kept = shadow.taken.contains_key(id)
            || shadow.deleted.contains(run)
            || shadow.rows.values().any(|row| matches!(row, Row::Message(row) if row.id == *id));
        expect(is_kept, NAME, || format!("message {id} of {run} was accepted and is gone"))?;
    }
    Ok(())
}
