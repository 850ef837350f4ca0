//! Never are more tasks of a type in workers' hands than its concurrency limit allows, and one that
//! reaches a worker is durably leased: a lease that a crash undoes would count for nobody.

use fermata_runtime::shard::request::Leased;
use fermata_types::TaskStatus;

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::definitions::{FEW, FEW_AT_ONCE};

const NAME: &str = "limits_hold";

/// After a group is durable.
pub(crate) fn check(shadow: &Shadow) -> Checked {
    let open = shadow.runs.values().filter(|run| !run.status.is_terminal());
    let held = open
        .flat_map(|run| run.tasks.iter().map(move |task| (run, task)))
        .filter(|(_, task)| task.status == TaskStatus::InProgress)
        .filter(|(run, task)| run.step_of(task).name == FEW)
        .count();
    expect(held <= FEW_AT_ONCE, NAME, || {
        format!("{held} tasks of {FEW} are leased, {FEW_AT_ONCE} may be")
    })
}

/// A task leaves the server.
pub(crate) fn delivered(shadow: &Shadow, leased: &Leased) -> Checked {
    let run = &leased.run;
    if run.step_of(&leased.task).name != FEW {
        return Ok(());
    }
    let known = shadow.runs.get(&run.id);
    let is_durable = known.is_none_or(|known| known.last >= run.last);
    expect(is_durable, NAME, || {
        let task = run.id.task(leased.task.number);
        format!("the lease of {task} is delivered before it is durable")
    })
}
