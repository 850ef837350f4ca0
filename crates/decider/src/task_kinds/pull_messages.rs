//! PULL_WORKFLOW_MESSAGES: takes pending messages the moment there are any, in the commit that
//! brought them (`conductor-semantics` 6.3; quirks 42 and 43 fixed).

use fermata_types::{Payload, TaskNumber, Timestamp, limits};
use serde_json::{Value, json};

use crate::context::{Context, PendingMessage};
use crate::effect::Effect;
use crate::event::{Event, Scheduled};
use crate::needs::Needs;
use crate::run::advance::Step;
use crate::run::state::Run;
use crate::task_kinds::closing;

/// Bytes an output has around a message's id and payload, at the most.
const ENVELOPE_BYTES: usize = 256;

/// Gives the pending messages to the oldest open task.
pub(crate) fn pull(run: &Run, context: Context<'_>) -> Result<Step, Needs> {
    let open = run.pulls.first().and_then(|number| run.task(*number));
    let Some(task) = open else { return Err(Needs::default()) };
    let input = closing::input(task, context)?;
    let count = batch_size(&input);
    let after = run.lane.cursor;
    let Some(messages) = context.fetched.messages(after, count) else {
        return Err(Needs { messages: Some((after, count)), ..Needs::default() });
    };
    let messages = fitting(&messages, context.fetched.payload_limits().task_output.hard);
    let Some(last) = messages.last() else { return Err(Needs::default()) };
    let consume = Effect::ConsumeMessages { from: after.next(), through: last.offset };
    let fresh: Vec<&PendingMessage> =
        messages.iter().filter(|message| !is_expired(message, context.now)).collect();
    if fresh.is_empty() {
        // All of them had expired: the cursor moves. A task that does not wait ends once nothing
        // is behind them either.
        let goes_on = blocks(&input) || last.offset < run.lane.head;
        let events = if goes_on { Vec::new() } else { vec![nothing(task.number, context)] };
        return Ok(Step { events, effects: vec![consume] });
    }
    let event = closing::completed(task.number, Some(output(run, &fresh)), context);
    Ok(Step { events: vec![event], effects: vec![consume] })
}

/// What one output may hold: always the first message, then as many as fit. The rest stays pending.
fn fitting(messages: &[PendingMessage], limit: usize) -> &[PendingMessage] {
    let mut size = 0usize;
    let shown = messages.iter().take_while(|message| {
        size += message.payload.len() + message.id.len() + ENVELOPE_BYTES;
        size <= limit
    });
    let count = shown.count().max(1);
    messages.get(..count).unwrap_or(messages)
}

/// Makes the task. One that does not wait (`blocking: false`) ends at once when nothing is pending
/// for it. Pending messages are fetched before the task is made: it is served in the commit that
/// makes it, and nobody ever sees it wait beside a message.
pub(crate) fn enter(run: &Run, scheduled: Scheduled, context: Context<'_>) -> Result<Step, Needs> {
    let input = scheduled.input.to_value();
    let gives_up = !blocks(&input);
    let is_served = run.lane.pending() > 0 && run.pulls.is_empty();
    if is_served {
        let (after, count) = (run.lane.cursor, batch_size(&input));
        if context.fetched.messages(after, count).is_none() {
            return Err(Needs { messages: Some((after, count)), ..Needs::default() });
        }
    }
    let number = scheduled.number;
    let mut events = vec![Event::TaskScheduled(Box::new(scheduled))];
    if gives_up && !is_served {
        events.push(nothing(number, context));
    }
    Ok(Step::of(events))
}

/// Anything but a JSON `false` waits.
fn blocks(input: &Value) -> bool {
    input.get("blocking") != Some(&Value::Bool(false))
}

/// The end of a task that found nothing and does not wait.
fn nothing(number: TaskNumber, context: Context<'_>) -> Event {
    let output = Payload::from_value(&json!({ "messages": [], "count": 0 }));
    closing::completed(number, Some(output), context)
}

/// Not a number or below 1 is 1; above the limit is the limit.
fn batch_size(input: &Value) -> u32 {
    let wanted = input.get("batchSize").and_then(Value::as_i64).unwrap_or(1).max(1);
    u32::try_from(wanted).unwrap_or(u32::MAX).min(limits::PULL_BATCH_MAX)
}

fn is_expired(message: &PendingMessage, now: Timestamp) -> bool {
    now.since(message.received).as_ms() > limits::MESSAGE_TTL_MS
}

fn output(run: &Run, messages: &[&PendingMessage]) -> Payload {
    let list: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "id": message.id,
                "workflowId": run.id.to_string(),
                "payload": message.payload.to_value(),
                "receivedAt": super::wait_time::iso(message.received),
            })
        })
        .collect();
    Payload::from_value(&json!({ "count": list.len(), "messages": list }))
}
