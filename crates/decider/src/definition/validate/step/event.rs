//! EVENT names where it sends to.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::present(step.map, "sink").is_none() {
        step.require("sink", report);
    }
}
