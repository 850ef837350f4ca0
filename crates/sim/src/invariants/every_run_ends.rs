//! In a calm world every run ends; the runs of definitions that cannot fail end COMPLETED; and
//! every acknowledged start is a run.

use fermata_types::RunStatus;

use crate::ledger::Ledger;
use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::definitions;

const NAME: &str = "every_run_ends";

/// All durable runs at the end of a world.
pub(crate) fn check(shadow: &Shadow, ledger: &Ledger) -> Checked {
    for id in &ledger.started {
        let is_there = shadow.runs.contains_key(id) || shadow.deleted.contains(id);
        expect(is_there, NAME, || format!("the start of run {id} was acknowledged, it is gone"))?;
    }
    for (key, runs) in &ledger.keys {
        let is_reusable = key.starts_with(super::one_run_per_key::REUSABLE);
        let names = runs.iter().filter_map(|run| shadow.runs.get(run));
        let mut names: Vec<&str> = names.map(|run| run.definition.key.name.as_str()).collect();
        let many = names.len();
        names.sort_unstable();
        names.dedup();
        expect(is_reusable || names.len() == many, NAME, || {
            format!("key {key} was answered with several runs: {runs:?}")
        })?;
    }
    for run in shadow.runs.values() {
        let name = run.definition.key.name.as_str();
        expect(run.status.is_terminal(), NAME, || {
            let open: Vec<String> = run
                .tasks
                .iter()
                .filter(|task| !task.status.is_terminal())
                .map(|task| format!("{} {}", run.reference_of(task), task.status))
                .collect();
            format!("run {} of {name} is {} with {open:?}", run.id, run.status)
        })?;
        let is_sure = definitions::SURE.contains(&name) && run.parent.is_none();
        let by_hand = ledger.ended_by_hand.contains(&run.id);
        let ended_well = run.status == RunStatus::Completed || by_hand;
        expect(!is_sure || ended_well, NAME, || {
            format!("run {} of {name} ended {}: {:?}", run.id, run.status, run.reason)
        })?;
    }
    Ok(())
}
