//! Each step of a run has at most one COMPLETED attempt in each iteration, and none after it.

use std::collections::BTreeSet;

use fermata_types::{RunId, TaskStatus};

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};

/// The tasks of one durable run.
pub(crate) fn check(shadow: &Shadow, id: RunId) -> Checked {
    let name = "one_completed_attempt";
    let Some(run) = shadow.runs.get(&id) else { return Ok(()) };
    let mut done = BTreeSet::new();
    for task in &run.tasks {
        let place = (task.step, task.scope, task.iteration);
        expect(!done.contains(&place), name, || {
            format!("{} of {id} was completed, and tried again", run.reference_of(task))
        })?;
        if task.status == TaskStatus::Completed {
            done.insert(place);
        }
    }
    Ok(())
}
