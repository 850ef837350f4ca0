//! Rule 5: a workflow definition has an owner, if the server is told so.

use crate::definition::validate::finding::Report;
use crate::definition::validate::options::OwnerEmail;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    let is_required = definition.options.owner_email == OwnerEmail::Required;
    if is_required && read::is_blank(definition.map, "ownerEmail") {
        let value = definition.map.get("ownerEmail");
        report.add("ownerEmail", "ownerEmail cannot be empty", value);
    }
}
