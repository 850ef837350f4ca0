//! Rule 4: only schema version 2 can be registered; it is also the default.

use serde_json::Value;

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Definition;

pub(in super::super) fn check(definition: &Definition<'_>, report: &mut Report) {
    let version = read::present(definition.map, "schemaVersion");
    if version.and_then(Value::as_i64).is_some_and(|version| version != 2) {
        let message = "workflowDef schemaVersion: 2 is only supported";
        report.add("schemaVersion", message, version);
    }
}
