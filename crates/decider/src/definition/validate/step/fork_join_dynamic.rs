//! FORK_JOIN_DYNAMIC is told its branches in one of three ways: an input, one parameter, or a pair.

use crate::definition::validate::finding::Report;
use crate::definition::validate::read;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let has = |field| read::present(step.map, field).is_some();
    if step.inputs().is_some_and(|inputs| inputs.contains_key("forkTaskInputs")) {
        return;
    }
    if has("dynamicForkJoinTasksParam") {
        if has("dynamicForkTasksParam") || has("dynamicForkTasksInputParamName") {
            let message = format!(
                "dynamicForkJoinTasksParam or combination of dynamicForkTasksInputParamName and \
                 dynamicForkTasksParam cam be used for taskType: FORK_JOIN_DYNAMIC taskName: {}",
                step.name()
            );
            report.add(step.path.clone(), message, None);
        }
        return;
    }
    for field in ["dynamicForkTasksParam", "dynamicForkTasksInputParamName"] {
        if !has(field) {
            step.require(field, report);
        }
    }
}
