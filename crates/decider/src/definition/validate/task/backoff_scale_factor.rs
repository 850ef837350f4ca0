//! Rule 17: the factor of a back-off is at least 1.

use super::Task;
use crate::definition::validate::finding::Report;
use crate::definition::validate::read;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    if read::integer(task.map, "backoffScaleFactor", 1) < 1 {
        let message = "Backoff scale factor. Applicable for LINEAR_BACKOFF";
        let value = task.map.get("backoffScaleFactor");
        report.add(task.field("backoffScaleFactor"), message, value);
    }
}
