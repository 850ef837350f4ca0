//! JSON_JQ_TRANSFORM has a query.

use crate::definition::validate::finding::Report;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if !step.has_input("queryExpression") {
        step.require("inputParameters.queryExpression", report);
    }
}
