//! The small rows of a run say what its history says: status, and which look-ups find it.

use fermata_storage::{LookupKey, Row, RowKey, RunKey};
use fermata_types::{RunId, ShardId};

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};

const NAME: &str = "summaries_are_true";

/// The durable rows of one run.
pub(crate) fn check(shadow: &Shadow, shard: ShardId, id: RunId) -> Checked {
    let Some(run) = shadow.runs.get(&id) else { return Ok(()) };
    let row = match shadow.rows.get(&RowKey::Run(RunKey { run: id })) {
        Some(Row::Run(row)) => Some(row.status),
        _ => None,
    };
    expect(row == Some(run.status), NAME, || {
        format!("run {id} is {}, its row says {row:?}", run.status)
    })?;
    let name = run.definition.key.name.clone();
    let key = LookupKey::Running { shard, name, run: id };
    let is_listed = shadow.rows.contains_key(&RowKey::Lookup(key));
    expect(is_listed != run.status.is_terminal(), NAME, || {
        format!("run {id} is {}, listed as running: {is_listed}", run.status)
    })
}
