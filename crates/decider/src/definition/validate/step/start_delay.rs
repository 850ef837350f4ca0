//! Rule 10: a delay is not negative.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::integer(step.map, "startDelay", 0) < 0 {
        let message = "must be greater than or equal to 0";
        report.add(step.field("startDelay"), message, step.map.get("startDelay"));
    }
}
