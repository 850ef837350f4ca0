//! A lane only goes forward; what its cursor passes is removed and taken by a task in that very
//! batch; no message is taken twice.

use fermata_decider::Event;
use fermata_decider::run::Lane;
use fermata_types::{MessageOffset, RunId};
use serde_json::Value;

use crate::shadow::{Facts, Shadow};
use crate::violation::{Checked, expect};

const NAME: &str = "cursor_never_back";

/// Lanes and messages of a durable batch.
pub(crate) fn check(shadow: &mut Shadow, facts: &Facts) -> Checked {
    for (run, before, after) in &facts.lanes {
        forward(*run, *before, *after)?;
        passed_is_consumed(facts, *run, *before, *after)?;
    }
    for row in &facts.consumed {
        let run = row.key.run;
        let moved = facts.lanes.iter().any(|(lane, before, after)| {
            *lane == run && before.cursor < row.key.offset && row.key.offset <= after.cursor
        });
        expect(moved, NAME, || {
            format!("message {} of {run} is gone, and the cursor did not pass it", row.id)
        })?;
        let twice = shadow.taken.insert(row.id.clone(), run);
        expect(twice.is_none(), NAME, || format!("message {} of {run} was taken twice", row.id))?;
        expect(is_in_an_output(shadow, facts, run, &row.id), NAME, || {
            format!("message {} of {run} was consumed, but no task of the batch took it", row.id)
        })?;
    }
    Ok(())
}

fn forward(run: RunId, before: Lane, after: Lane) -> Checked {
    let goes_on = after.head >= before.head && after.cursor >= before.cursor;
    expect(goes_on && after.cursor <= after.head, NAME, || {
        format!("the lane of {run} went from {before:?} to {after:?}")
    })
}

fn passed_is_consumed(facts: &Facts, run: RunId, before: Lane, after: Lane) -> Checked {
    for offset in before.cursor.0 + 1..=after.cursor.0 {
        let offset = MessageOffset(offset);
        let mut rows = facts.consumed.iter();
        let is_consumed =
            rows.any(|row| row.key.run == run && row.key.offset == offset) || offset > before.head;
        expect(is_consumed || facts.deleted.contains(&run), NAME, || {
            format!("the cursor of {run} passed message {offset}, whose row is not removed")
        })?;
    }
    Ok(())
}

/// Messages do not expire within a simulated world, so each consumed one is in an output.
fn is_in_an_output(shadow: &Shadow, facts: &Facts, id: RunId, message: &str) -> bool {
    let Some(run) = shadow.runs.get(&id) else { return facts.deleted.contains(&id) };
    let closed = facts.events.iter().filter_map(|(of, event)| match event {
        Event::TaskClosed(closed) if *of == id => run.task(closed.task)?.output,
        _ => None,
    });
    closed.filter_map(|stored| shadow.payload(id, stored)).any(|output| {
        let value = output.to_value();
        let taken = value.get("messages").and_then(Value::as_array);
        taken.into_iter().flatten().any(|taken| taken.get("id") == Some(&Value::from(message)))
    })
}
