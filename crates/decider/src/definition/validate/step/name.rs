//! Rule 6: every step has a name.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::is_blank(step.map, "name") {
        let message = "WorkflowTask name cannot be empty or null";
        report.add(step.field("name"), message, step.map.get("name"));
    }
}
