//! DYNAMIC names the input that names the task.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::present(step.map, "dynamicTaskNameParam").is_none() {
        step.require("dynamicTaskNameParam", report);
    }
}
