//! Rules 12 and 16: counts and times that may be 0 but not less.

use super::Task;
use crate::definition::validate::finding::Report;
use crate::definition::validate::read;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    const FIELDS: [&str; 5] = [
        "backoffJitterMs",
        "maxRetryDelaySeconds",
        "pollTimeoutSeconds",
        "retryCount",
        "totalTimeoutSeconds",
    ];
    for field in FIELDS {
        if read::integer(task.map, field, 0) < 0 {
            let message = format!("TaskDef {field}: 0 must be >= 0");
            report.add(task.field(field), message, task.map.get(field));
        }
    }
}
