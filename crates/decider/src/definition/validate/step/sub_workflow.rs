//! SUB_WORKFLOW says which workflow. A definition given as a text has to be an expression, which
//! upstream checks while it reads.

use serde_json::Value;

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let Some(params) = read::present(step.map, "subWorkflowParam") else {
        step.require("subWorkflowParam", report);
        return;
    };
    let definition = params.get("workflowDefinition");
    let is_valid = match definition {
        None | Some(Value::Null | Value::Object(_)) => true,
        Some(Value::String(text)) => text.starts_with("${") && text.ends_with('}'),
        Some(_) => false,
    };
    if !is_valid {
        let message = "workflowDefinition is a string, but not a valid DSL string";
        report.add(step.field("subWorkflowParam.workflowDefinition"), message, definition);
    }
}
