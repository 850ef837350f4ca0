//! Rule 3: a workflow has a task.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    if read::is_empty(definition.map, "tasks") {
        report.add("tasks", "WorkflowTask list cannot be empty", None);
    }
}
