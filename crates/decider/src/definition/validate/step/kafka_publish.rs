//! KAFKA_PUBLISH has a request.

use crate::definition::validate::finding::Report;
use crate::definition::validate::tree::Step;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    if !step.has_input("kafka_request") {
        step.require("inputParameters.kafka_request", report);
    }
}
