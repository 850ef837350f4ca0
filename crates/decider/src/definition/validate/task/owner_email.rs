//! Rule 5: a task definition has an owner, if the server is told so.

use super::Task;
use crate::definition::validate::finding::Report;
use crate::definition::validate::options::OwnerEmail;
use crate::definition::validate::read;

pub(in super::super) fn check(task: &Task<'_>, report: &mut Report) {
    let is_required = task.options.owner_email == OwnerEmail::Required;
    if is_required && read::is_blank(task.map, "ownerEmail") {
        let value = task.map.get("ownerEmail");
        report.add(task.field("ownerEmail"), "ownerEmail cannot be empty", value);
    }
}
