//! Rule 11: a task definition has a name.

use super::Task;
use crate::definition::validate::finding::Report;
use crate::definition::validate::read;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    if read::is_blank(task.map, "name") {
        let message = "TaskDef name cannot be null or empty";
        report.add(task.field("name"), message, task.map.get("name"));
    }
}
