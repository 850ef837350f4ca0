//! Rule 15: the timeout fits into the total timeout, if both are set.

use super::Task;
use crate::definition::validate::finding::Report;
use crate::definition::validate::read;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    let (timeout, total) = (task.timeout(), read::integer(task.map, "totalTimeoutSeconds", 0));
    if timeout > 0 && total > 0 && timeout > total {
        let message = format!(
            "TaskDef: {} timeoutSeconds: {timeout} must be less than or equal to \
             totalTimeoutSeconds: {total}",
            task.name()
        );
        report.add(task.path, message, None);
    }
}
