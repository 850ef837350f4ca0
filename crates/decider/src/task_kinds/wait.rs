//! WAIT: for a duration, until a time, or for a signal (`conductor-semantics` 5.15; quirk 36
//! fixed: what cannot be read fails the task).

use fermata_types::{TaskStatus, Timestamp};
use serde_json::Value;

use crate::context::Context;
use crate::event::{Event, Scheduled};
use crate::run::advance::Step;
use crate::task_kinds::{closing, wait_time};

pub(crate) fn enter(mut scheduled: Scheduled, context: Context<'_>) -> Step {
    let input = scheduled.input.to_value();
    match deadline(&input, context.now) {
        Ok(until) => {
            scheduled.wait_until = until;
            Step::of(vec![Event::TaskScheduled(Box::new(scheduled))])
        }
        Err(reason) => {
            let number = scheduled.number;
            let status = TaskStatus::FailedWithTerminalError;
            let closed = closing::closed(number, status, None, Some(reason), context);
            Step::of(vec![Event::TaskScheduled(Box::new(scheduled)), closed])
        }
    }
}

fn deadline(input: &Value, now: Timestamp) -> Result<Option<Timestamp>, String> {
    let text = |field: &str| match input.get(field) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    match (text("duration"), text("until")) {
        (Some(_), Some(_)) => Err("Both 'duration' and 'until' specified. Please provide only \
                                   one input"
            .to_owned()),
        (Some(duration), None) => match wait_time::duration(&duration) {
            Some(span) => Ok(Some(now.after(span))),
            None => Err(format!("Invalid/Unsupported Wait duration. Provided: {duration}")),
        },
        (None, Some(until)) => match wait_time::until(&until) {
            Some(at) => Ok(Some(at)),
            None => Err(format!("Invalid/Unsupported Wait Until format.  Provided: {until}")),
        },
        (None, None) => Ok(None),
    }
}
