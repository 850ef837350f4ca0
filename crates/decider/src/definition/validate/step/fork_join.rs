//! FORK_JOIN has a branch.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if read::is_empty(step.map, "forkTasks") {
        step.require_elements("forkTasks", report);
    }
}
