//! Rule 7: reference names are unique over the whole tree, loops included.

use std::collections::BTreeSet;

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    let workflow = read::text(definition.map, "name").unwrap_or("");
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for step in &definition.steps {
        let Some(name) = read::text(step.map, "taskReferenceName") else { continue };
        // Each name is reported once, however often it repeats.
        if !name.is_empty() && !seen.insert(name) && repeated.insert(name) {
            let message = format!(
                "taskReferenceName: {name} should be unique across tasks for a given \
                 workflowDefinition: {workflow}"
            );
            report.add("", message, None);
        }
    }
}
