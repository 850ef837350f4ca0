//! DECISION needs something to decide on, and cases.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let has = |field| read::present(step.map, field).is_some();
    if !has("caseValueParam") && !has("caseExpression") {
        step.require("caseValueParam or caseExpression", report);
    }
    if read::is_empty(step.map, "decisionCases") {
        step.require_elements("decisionCases", report);
    }
}
