//! Rule 13: a worker has at least a second to answer.

use super::Task;
use crate::definition::validate::finding::Report;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    let seconds = task.response_timeout();
    if seconds < 1 {
        let message =
            format!("TaskDef responseTimeoutSeconds: {seconds} should be minimum 1 second");
        let value = task.map.get("responseTimeoutSeconds");
        report.add(task.field("responseTimeoutSeconds"), message, value);
    }
}
