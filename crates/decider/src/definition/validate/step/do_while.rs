//! DO_WHILE has a body, and a condition unless it goes over a list (quirk 48: upstream wants the
//! condition even then).

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let goes_over_list = !read::is_blank(step.map, "items")
        || step.inputs().is_some_and(|inputs| inputs.contains_key("_items"));
    if read::present(step.map, "loopCondition").is_none() && !goes_over_list {
        step.require("loopCondition", report);
    }
    if read::is_empty(step.map, "loopOver") {
        step.require("loopOver", report);
    }
}
