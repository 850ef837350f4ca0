//! A task handed to a worker is a durable task: its scheduling survives a crash at that moment.

use fermata_types::TaskId;

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};

/// A lease that leaves the server.
pub(crate) fn check(shadow: &Shadow, task: TaskId) -> Checked {
    let run = shadow.runs.get(&task.run());
    let is_there = run.is_some_and(|run| run.task(task.number()).is_some());
    expect(is_there || shadow.is_gone(task), "no_lost_task", || {
        format!("task {task} is handed out before it is durable")
    })
}
