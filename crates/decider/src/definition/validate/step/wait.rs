//! WAIT waits for a duration or until a time, not both, and a literal one can be read. The texts
//! are upstream's, its trailing spaces included.

use serde_json::Value;

use crate::definition::validate::finding::Report;
use crate::definition::validate::tree::Step;
use crate::task_kinds::wait_time;

pub(in super::super) fn check(step: &Step<'_>, report: &mut Report) {
    let input = |key: &str| match step.inputs().and_then(|inputs| inputs.get(key))? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        other => Some(other.to_string()),
    };
    let (duration, until) = (input("duration"), input("until"));
    if duration.is_some() && until.is_some() {
        let message = "Both 'duration' and 'until' specified. Please provide only one input";
        report.add(step.path.clone(), message, None);
    }
    let literal = |text: &Option<String>| text.clone().filter(|text| !text.starts_with("${"));
    if let Some(duration) = literal(&duration) {
        if wait_time::duration(&duration).is_none() {
            report.add(step.path.clone(), "Either date or duration is passed as null ", None);
        }
    } else if let Some(until) = literal(&until)
        && wait_time::until(&until).is_none()
    {
        report.add(step.path.clone(), "Unable to parse date ", None);
    }
}
