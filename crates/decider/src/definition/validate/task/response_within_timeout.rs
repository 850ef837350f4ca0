//! Rule 14: the response timeout fits into the timeout. Its default of an hour counts too, so a
//! short timeout alone is refused, as upstream.

use super::Task;
use crate::definition::validate::finding::Report;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    let (response, timeout) = (task.response_timeout(), task.timeout());
    if timeout > 0 && response > timeout {
        let message = format!(
            "TaskDef: {} responseTimeoutSeconds: {response} must be less than \
             timeoutSeconds: {timeout}",
            task.name()
        );
        report.add(task.path, message, None);
    }
}
