//! One page of tasks: a record of fixed size for each, then the rare parts of those that have one.

use fermata_types::{RunId, Span, TaskNumber, TaskStatus, Timestamp};

use super::VERSION;
use super::fields::{Reader, put_option, put_text};
use crate::definition::StepId;
use crate::run::holders::Holders;
use crate::run::paged::PAGE_ITEMS;
use crate::run::task::{Extra, Stored, Task};

/// Bytes of a task's record.
const RECORD: usize = 74;
/// A status by its number in the format, which is its place here.
const STATUSES: [TaskStatus; 9] = [
    TaskStatus::Scheduled,
    TaskStatus::InProgress,
    TaskStatus::Completed,
    TaskStatus::CompletedWithErrors,
    TaskStatus::Skipped,
    TaskStatus::Failed,
    TaskStatus::FailedWithTerminalError,
    TaskStatus::TimedOut,
    TaskStatus::Canceled,
];
const RETRIED: u8 = 1;
const EXECUTED: u8 = 2;

/// A page of tasks as bytes.
#[must_use]
pub fn encode_page(tasks: &[Task]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + tasks.len() * RECORD);
    out.push(VERSION);
    let count = u16::try_from(tasks.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    for task in tasks {
        put_record(&mut out, task);
    }
    for (at, task) in tasks.iter().enumerate() {
        if let Some(extra) = task.extra() {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            out.extend_from_slice(&at.to_le_bytes());
            put_extra(&mut out, extra);
        }
    }
    out
}

fn put_record(out: &mut Vec<u8>, task: &Task) {
    let status = STATUSES.iter().position(|status| *status == task.status).unwrap_or(0);
    let flags = u8::from(task.retried) * RETRIED + u8::from(task.executed) * EXECUTED;
    for number in [task.number.0, task.step.0, task.iteration, task.scope.0, task.poll_count] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.push(u8::try_from(status).unwrap_or(0));
    out.push(flags);
    for time in [task.scheduled, task.started, task.updated, task.ended_or_ready] {
        out.extend_from_slice(&time.as_ms().to_le_bytes());
    }
    out.extend_from_slice(&task.input.packed().to_le_bytes());
    out.extend_from_slice(&task.output.map_or(0, Stored::packed).to_le_bytes());
    let holder = task.holder.as_ref().map_or(0, |holder| holder.index.saturating_add(1));
    out.extend_from_slice(&holder.to_le_bytes());
}

fn put_extra(out: &mut Vec<u8>, extra: &Extra) {
    let put_time =
        |out: &mut Vec<u8>, time: Timestamp| out.extend_from_slice(&time.as_ms().to_le_bytes());
    put_option(out, extra.reason.as_deref(), put_text);
    put_option(out, extra.child, |out, child| out.extend_from_slice(&child.to_bytes()));
    put_option(out, extra.wait_until, put_time);
    put_option(out, extra.first_scheduled, put_time);
    out.extend_from_slice(&extra.item.map_or(0, Stored::packed).to_le_bytes());
    out.push(u8::from(extra.body_ended));
    for number in [extra.loop_iteration, extra.waiting_on, extra.retry_count, extra.replaces.0] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for span in [extra.start_delay, extra.callback_after] {
        out.extend_from_slice(&span.as_ms().to_le_bytes());
    }
}

/// The tasks of a page. None when the bytes are no page of this
/// version, or name a step or holder that is not there.
#[must_use]
pub fn decode_page(bytes: &[u8], steps: usize, holders: &Holders) -> Option<Vec<Task>> {
    let mut from = Reader(bytes);
    if from.u8()? != VERSION {
        return None;
    }
    let count = usize::from(from.u16()?);
    if count > PAGE_ITEMS {
        return None;
    }
    let mut tasks = Vec::with_capacity(count.next_power_of_two());
    for _ in 0..count {
        let task = take_record(&mut from, holders)?;
        if task.step.0 as usize >= steps {
            return None;
        }
        tasks.push(task);
    }
    while !from.0.is_empty() {
        let task = tasks.get_mut(usize::from(from.u16()?))?;
        task.extra = Some(Box::new(take_extra(&mut from)?));
    }
    Some(tasks)
}

fn take_record(from: &mut Reader<'_>, holders: &Holders) -> Option<Task> {
    // Of known length, so that the fields are taken without a check each.
    let (record, rest) = from.0.split_first_chunk::<RECORD>()?;
    from.0 = rest;
    let mut from = Reader(record);
    let (number, step) = (TaskNumber(from.u32()?), StepId(from.u32()?));
    let (iteration, scope) = (from.u32()?, TaskNumber(from.u32()?));
    let poll_count = from.u32()?;
    let status = *STATUSES.get(usize::from(from.u8()?))?;
    let flags = from.u8()?;
    let mut time = || from.i64().map(Timestamp::from_ms);
    let (scheduled, started, updated, ended_or_ready) = (time()?, time()?, time()?, time()?);
    let input = Stored::from_packed(from.u64()?)?;
    let output = Stored::from_packed(from.u64()?);
    let holder = match from.u32()? {
        0 => None,
        index => Some(holders.get(index - 1)?),
    };
    Some(Task {
        number,
        step,
        iteration,
        scope,
        poll_count,
        status,
        retried: flags & RETRIED != 0,
        executed: flags & EXECUTED != 0,
        scheduled,
        started,
        updated,
        ended_or_ready,
        input,
        output,
        holder,
        extra: None,
    })
}

fn take_extra(from: &mut Reader<'_>) -> Option<Extra> {
    let time = |from: &mut Reader<'_>| from.i64().map(Timestamp::from_ms);
    let reason = from.option(Reader::text)?;
    let child = from.option(Reader::id)?;
    let wait_until = from.option(time)?;
    let first_scheduled = from.option(time)?;
    let item = Stored::from_packed(from.u64()?);
    let body_ended = from.u8()? != 0;
    Some(Extra {
        reason,
        child: match child {
            Some(bytes) => Some(RunId::from_bytes(bytes).ok()?),
            None => None,
        },
        wait_until,
        first_scheduled,
        item,
        body_ended,
        loop_iteration: from.u32()?,
        waiting_on: from.u32()?,
        retry_count: from.u32()?,
        replaces: TaskNumber(from.u32()?),
        start_delay: Span::from_ms(from.i64()?),
        callback_after: Span::from_ms(from.i64()?),
    })
}
