//! SWITCH needs an evaluator, an expression, and cases. A missing expression is reported only
//! beside an evaluator, as upstream.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::present(step.map, "evaluatorType").is_none() {
        step.require("evaluatorType", report);
    } else if read::present(step.map, "expression").is_none() {
        step.require("expression", report);
    }
    if read::is_empty(step.map, "decisionCases") {
        step.require_elements("decisionCases", report);
    }
}
