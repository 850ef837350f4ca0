//! What an answer says has happened is durable when the answer leaves.

use fermata_decider::run::decide::Reply;
use fermata_runtime::shard::request::Answer;
use fermata_storage::{Row, RowKey, TaskLogKey};
use fermata_types::{RunId, RunStatus, TaskId};
use serde_json::Value;

use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::op::{What, granted};
use crate::world::asked::Asked;

const NAME: &str = "release_after_commit";

/// An answer that grants what was asked, against the durable rows of that moment.
pub(crate) fn check(shadow: &Shadow, asked: &Asked, what: &What, answer: &Answer) -> Checked {
    if let Answer::Started(run) | Answer::KeyUsed(run) = answer {
        return exists(shadow, *run);
    }
    if let (What::Delete(run), Answer::Done) = (what, answer) {
        return expect(!shadow.runs.contains_key(run), NAME, || {
            format!("run {run} is deleted, not durably")
        });
    }
    let Some(reply) = granted(answer) else { return Ok(()) };
    match (what, reply) {
        (What::Close { task, tag }, Reply::Updated(_)) => closed_with(shadow, *task, tag),
        (What::ByReference { run, tag }, Reply::Updated(number)) => {
            closed_with(shadow, run.task(*number), tag)
        }
        (What::Touch, Reply::Updated(_)) => {
            let moved = asked.run.is_none_or(|run| {
                let last = shadow.runs.get(&run).map(|run| run.last);
                last.is_none_or(|last| last > asked.seen.last)
            });
            expect(moved, NAME, || format!("{asked:?} is answered, nothing is durable"))
        }
        (What::Message { run, id }, _) => {
            let is_there = shadow.taken.contains_key(id)
                || shadow.deleted.contains(run)
                || shadow
                    .rows
                    .values()
                    .any(|row| matches!(row, Row::Message(row) if row.id == *id));
            expect(is_there, NAME, || format!("message {id} of {run} is accepted, not durable"))
        }
        (What::Log { task, text }, _) => logged(shadow, *task, text),
        (What::Hold(run), _) => {
            let held = shadow.runs.get(run).is_none_or(|found| {
                found.status == RunStatus::Paused || found.last > asked.seen.last
            });
            expect(held, NAME, || format!("run {run} was held or let go, not durably"))
        }
        (What::Terminate(run), _) => {
            let ended = shadow.runs.get(run).is_none_or(|found| found.status.is_terminal());
            expect(ended, NAME, || format!("run {run} is terminated, not durably"))
        }
        _ => Ok(()),
    }
}

fn exists(shadow: &Shadow, run: RunId) -> Checked {
    let is_there = shadow.runs.contains_key(&run) || shadow.deleted.contains(&run);
    expect(is_there, NAME, || format!("run {run} is answered, not durable"))
}

/// The attempt has ended with the output that carries this tag.
pub(crate) fn closed_with(shadow: &Shadow, id: TaskId, tag: &str) -> Checked {
    let Some(run) = shadow.runs.get(&id.run()) else { return exists(shadow, id.run()) };
    if shadow.is_gone(id) {
        return Ok(());
    }
    let task = run.task(id.number()).filter(|task| task.status.is_terminal());
    let stored = task.and_then(|task| task.output);
    let output = stored.and_then(|stored| shadow.payload(run.id, stored));
    let found = output.as_ref().map(fermata_types::Payload::to_value);
    let is_kept = found.as_ref().and_then(|value| value.get("tag")) == Some(&Value::from(tag));
    expect(is_kept, NAME, || {
        let status = task.map(|task| task.status);
        format!("task {id} took {tag}, durable are {status:?} and {found:?}")
    })
}

/// The line has a row.
pub(crate) fn logged(shadow: &Shadow, task: TaskId, text: &str) -> Checked {
    let from = RowKey::TaskLog(TaskLogKey { task, number: 0 });
    let to = RowKey::TaskLog(TaskLogKey { task, number: u32::MAX });
    let is_there = shadow.is_gone(task)
        || shadow
            .rows
            .range(from..=to)
            .any(|(_, row)| matches!(row, Row::TaskLog(row) if row.text == *text));
    expect(is_there, NAME, || format!("line {text} of {task} is kept, not durable"))
}
