//! An answer that says "nothing happened" is true: what was asked has left no durable trace.

use fermata_runtime::shard::request::{Answer, Failure};
use fermata_storage::Row;

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::op::What;

/// A refusal for want of space or of the shard, against the durable rows. Only messages are never
/// asked twice, so only they can tell.
pub(crate) fn check(shadow: &Shadow, what: &What, answer: &Answer) -> Checked {
    let (What::Message { run, id }, Answer::Failed(failure)) = (what, answer) else {
        return Ok(());
    };
    if !matches!(failure, Failure::StorageFull | Failure::Fenced) {
        return Ok(());
    }
    let is_there = shadow.taken.contains_key(id)
        || shadow.rows.values().any(|row| matches!(row, Row::Message(row) if row.id == *id));
    expect(!is_there, "refused_means_nothing", || {
        format!("message {id} of {run} was refused, and is durable")
    })
}
