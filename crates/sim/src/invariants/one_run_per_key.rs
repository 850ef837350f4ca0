//! An idempotency key names one run: its row and the run are one batch, and a second run under the
//! key begins only when the caller allowed it and the first has ended.

use fermata_storage::{DedupKey, Row, RowKey};

use crate::shadow::{Facts, Shadow};
use crate::violation::{Checked, expect};

const NAME: &str = "one_run_per_key";

/// Keys that allow a second run once the first has ended begin like this.
pub(crate) const REUSABLE: &str = "again-";

/// Runs that began in a durable batch.
pub(crate) fn check(shadow: &Shadow, facts: &Facts) -> Checked {
    for dedup in &facts.dedups {
        let is_there = shadow.runs.contains_key(&dedup.run) || facts.deleted.contains(&dedup.run);
        expect(is_there, NAME, || {
            format!("key {} names run {}, which is not there", dedup.key.key, dedup.run)
        })?;
    }
    for id in &facts.started {
        let Some(run) = shadow.runs.get(id) else { continue };
        let Some(key) = &run.idempotency_key else { continue };
        let name = run.definition.key.name.clone();
        let row = DedupKey { shard: facts.shard, name: name.clone(), key: key.clone() };
        let named = match shadow.rows.get(&RowKey::Dedup(row)) {
            Some(Row::Dedup(row)) => Some(row.run),
            _ => None,
        };
        let is_replaced = key.starts_with(REUSABLE) && named.is_some();
        expect(named == Some(*id) || is_replaced, NAME, || {
            format!("run {id} began under key {key}, which names {named:?}")
        })?;
        let others = shadow.runs.values().filter(|other| {
            other.id != *id
                && other.idempotency_key.as_ref() == Some(key)
                && other.definition.key.name == name
        });
        for other in others {
            let may = key.starts_with(REUSABLE) && other.status.is_terminal();
            expect(may, NAME, || format!("runs {} and {id} have the key {key}", other.id))?;
        }
    }
    Ok(())
}
