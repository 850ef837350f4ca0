//! Rule 6: every step has a reference name.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::is_blank(step.map, "taskReferenceName") {
        let message = "WorkflowTask taskReferenceName name cannot be empty or null";
        let value = step.map.get("taskReferenceName");
        report.add(step.field("taskReferenceName"), message, value);
    }
}
