//! An answer that says "nothing happened" is true: what was asked has left no durable trace.

use fermata_runtime::shard::request::{Answer, Failure};
use fermata_storage::Row;

use crate::invariants::release_after_commit::closed_with;
use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::op::{Op, What};

/// A refusal for want of space or of the shard, against the durable rows. Of what was sent more
/// than once, another copy may have been granted.
pub(crate) fn check(shadow: &Shadow, op: &Op, answer: &Answer) -> Checked {
    let is_refused =
        matches!(answer, Answer::Failed(Failure::StorageFull | Failure::Fenced)) && op.sent == 1;
    if !is_refused {
        return Ok(());
    }
    let is_there = match &op.what {
        What::Start { mark, .. } => {
            shadow.runs.values().any(|run| run.created_by.as_ref() == Some(mark))
        }
        What::Message { id, .. } => {
            shadow.taken.contains_key(id)
                || shadow.rows.values().any(|row| matches!(row, Row::Message(row) if row.id == *id))
        }
        What::Close { task, tag } => {
            shadow.runs.contains_key(&task.run())
                && !shadow.is_gone(*task)
                && closed_with(shadow, *task, tag).is_ok()
        }
        _ => false,
    };
    expect(!is_there, "refused_means_nothing", || {
        format!("{:?} was refused, and has happened durably", op.what)
    })
}
