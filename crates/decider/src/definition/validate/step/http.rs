//! HTTP has a request, whole or by its parts.

use crate::definition::validate::finding::Report;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let inputs = step.inputs();
    let has = |key| inputs.is_some_and(|inputs| inputs.contains_key(key));
    if !has("uri") && !has("method") && !step.has_input("http_request") {
        step.require("inputParameters.http_request or inputParameters.uri", report);
    }
}
