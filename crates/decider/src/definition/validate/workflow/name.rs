//! Rule 1: a workflow has a name.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    if read::is_blank(definition.map, "name") {
        let value = definition.map.get("name");
        report.add("name", "WorkflowDef name cannot be null or empty", value);
    }
}
