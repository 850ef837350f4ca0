//! What the machine asks to be read, and the reading of it. Runs are folded from their history
//! here, off the shard: whatever a run's length, its shard goes on.

use std::sync::Arc;

use fermata_decider::context::PendingMessage;
use fermata_decider::definition::{DefinitionHash, Workflow};
use fermata_decider::run::{Lane, Stored};
use fermata_decider::{Event, Run, apply};
use fermata_storage::{
    DedupKey, DueDeadlineKey, EndedRow, HistoryKey, HistoryRow, LaneKey, OutboxKey, ReadError,
    ResolvedKey, Row, RowKey, ScanRange, Store, TaskLogKey,
};
use fermata_types::{MessageOffset, Payload, RunEpoch, RunId, ShardId, TaskId, Timestamp};

use crate::codec::{self, CodecError};
use crate::metadata::{DefinitionError, Metadata};
use crate::payloads;
use crate::shard::deadlines::{Armed, Follower};
use crate::shard::fetched::DEFAULT_LANE;
use crate::shard::machine::LoadRequest;
use crate::shard::outbox::Post;
use crate::shard::relay::{self, Internal};
use crate::shard::removable::{Removable, Retirement, removable, retirement};
use crate::shard::snapshot::{self, Found, Written};
use crate::shard::wheel::Due;

/// Rows read at once.
const PAGE: usize = 256;

/// A run as it was found.
#[derive(Debug)]
pub struct LoadedRun {
    /// Its state.
    pub run: Run,
    /// What its history tells of its deadline rows.
    pub armed: Armed,
    /// Its newest snapshot; [`Written::default`] when it has none that can be read.
    pub written: Written,
    /// Whether it has one that cannot be read.
    pub is_unreadable: bool,
}

/// What was read.
#[derive(Debug)]
pub enum Loaded {
    /// A run, or that there is none.
    Run(RunId, Option<Box<LoadedRun>>),
    /// A payload; a missing one reads as null.
    Payload(RunId, Stored, Payload),
    /// Pending messages.
    Messages(RunId, Vec<PendingMessage>),
    /// The run that holds an idempotency key, and since when.
    Dedup(DedupKey, Option<(RunId, Timestamp)>),
    /// The number of the last log line of a task; 0 for none.
    LogLines(TaskId, u32),
    /// The rows of a run; none when there is none.
    Keys(RunId, Option<Removable>),
    /// Whether what has ended is still so, and its rows.
    Retirement(Box<EndedRow>, Retirement),
    /// Deadlines behind a place, and whether there are more.
    Deadlines(Due, Vec<(Due, RunEpoch)>, bool),
    /// A resolved definition; none when its row is missing or does not compile.
    Definition(DefinitionHash, Option<Arc<Workflow>>),
    /// Commands of the outbox.
    Outbox(LoadedOutbox),
    /// It could not be read.
    Failed(LoadRequest),
}

/// Commands of an outbox for one target, in order.
#[derive(Debug)]
pub struct LoadedOutbox {
    /// The target.
    pub target: ShardId,
    /// Number, size and command of each.
    pub rows: Vec<(u64, usize, Internal)>,
}

/// Why a run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error("cannot read the rows of {0}")]
    Read(RunId, #[source] ReadError),
    /// A row is damaged.
    #[error("cannot decode the history of {0}")]
    Decode(RunId, #[source] CodecError),
    /// Its definition is missing.
    #[error("no definition with the hash that run {0} names")]
    NoDefinition(RunId),
    /// Its definition does not compile any more.
    #[error("the definition of {0} does not compile")]
    Definition(RunId, #[source] DefinitionError),
}

/// Reads what was asked for. Blocks while the store reads; a failure is logged and answered as
/// [`Loaded::Failed`].
#[must_use]
pub fn perform(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    request: LoadRequest,
) -> Loaded {
    let outcome = match &request {
        LoadRequest::Run(run) => load_run(store, metadata, shard, *run)
            .map(|found| Loaded::Run(*run, found.map(Box::new))),
        LoadRequest::Payload(run, stored) => payloads::read(store, (*run, *stored))
            .map(|found| Loaded::Payload(*run, *stored, found.unwrap_or_else(Payload::null)))
            .map_err(|error| LoadError::Read(*run, error)),
        LoadRequest::Messages(run, after, count) => messages(store, *run, *after, *count)
            .map(|found| Loaded::Messages(*run, found))
            .map_err(|error| LoadError::Read(*run, error)),
        LoadRequest::LogLines(task) => last_log_line(store, *task)
            .map(|found| Loaded::LogLines(*task, found))
            .map_err(|error| LoadError::Read(task.run(), error)),
        LoadRequest::Dedup(key) => {
            return match store.get(&RowKey::Dedup(key.clone())) {
                Ok(Some(Row::Dedup(row))) => {
                    Loaded::Dedup(key.clone(), Some((row.run, row.created)))
                }
                Ok(_) => Loaded::Dedup(key.clone(), None),
                Err(error) => {
                    tracing::error!(%error, "cannot read an idempotency key");
                    Loaded::Failed(request)
                }
            };
        }
        LoadRequest::Deadlines(after, count) => {
            return match deadlines(store, shard, Some(*after), *count) {
                Ok((rows, more)) => Loaded::Deadlines(*after, rows, more),
                Err(error) => {
                    tracing::error!(%error, "cannot read deadlines");
                    Loaded::Failed(request)
                }
            };
        }
        LoadRequest::Keys(run) => {
            removable(store, metadata, shard, *run).map(|found| Loaded::Keys(*run, found))
        }
        LoadRequest::Retirement(row) => {
            retirement(store, metadata, row).map(|found| Loaded::Retirement(row.clone(), found))
        }
        LoadRequest::Outbox(after, count) => {
            return match outbox(store, *after, *count) {
                Ok(found) => Loaded::Outbox(found),
                Err(error) => {
                    tracing::error!(%shard, %error, "cannot read the outbox");
                    Loaded::Failed(request)
                }
            };
        }
        LoadRequest::Definition(run, hash) => {
            match definition(store, metadata, shard, *run, *hash) {
                Ok(found) => Ok(Loaded::Definition(*hash, Some(found))),
                Err(error @ LoadError::Read(..)) => Err(error),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "load failed");
                    Ok(Loaded::Definition(*hash, None))
                }
            }
        }
    };
    outcome.unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "load failed");
        Loaded::Failed(request)
    })
}

/// All rows of a range.
///
/// # Errors
/// The store cannot be read.
pub fn scan_all(
    store: &dyn Store,
    range: &ScanRange,
    mut each: impl FnMut(Row),
) -> Result<(), ReadError> {
    let mut after: Option<RowKey> = None;
    loop {
        let page = store.scan(range, after.as_ref(), PAGE)?;
        after = page.rows.last().map(Row::key);
        page.rows.into_iter().for_each(&mut each);
        if !page.more {
            return Ok(());
        }
    }
}

/// A run from its newest snapshot and the history after it, or from all of its history.
///
/// # Errors
/// See [`LoadError`].
pub fn load_run(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    id: RunId,
) -> Result<Option<LoadedRun>, LoadError> {
    let read = |error| LoadError::Read(id, error);
    let mut failed = None;
    let found = snapshot::read(store, id, |hash| {
        definition(store, metadata, shard, id, hash).map_err(|error| failed = Some(error)).ok()
    });
    if let Some(error @ LoadError::Read(..)) = failed {
        return Err(error);
    }
    let (mut run, written, is_unreadable) = match found.map_err(read)? {
        Found::Run(run, written) => (Some(*run), written, false),
        Found::Unreadable => {
            tracing::warn!(run = %id, "a snapshot that cannot be read is ignored");
            (None, Written::default(), true)
        }
        Found::Nothing => (None, Written::default(), false),
    };
    let mut armed = run.as_ref().map_or_else(Follower::default, Follower::begin);
    let after = HistoryKey { run: id, first: written.last };
    fold_after(store, RowKey::History(after), |row| {
        let events = codec::decode(row).map_err(|error| LoadError::Decode(id, error))?;
        for (at, (_, event)) in events.iter().enumerate() {
            if run.is_none() {
                let Event::RunStarted(origin) = event else { return Ok(()) };
                let found = definition(store, metadata, shard, id, origin.definition)?;
                run = Some(Run::new(id, found));
            }
            if let Some(run) = &mut run {
                if at == 0 {
                    run.row = row.key.first;
                }
                apply(run, event);
            }
        }
        if let Some(run) = &run {
            armed.after(run, &events);
        }
        Ok(())
    })?;
    let Some(mut run) = run else { return Ok(None) };
    let lane = LaneKey { run: id, lane: DEFAULT_LANE.to_owned() };
    if let Some(Row::Lane(row)) = store.get(&RowKey::Lane(lane)).map_err(read)? {
        run.lane = Lane { head: row.head, cursor: row.cursor };
    }
    let armed = armed.armed();
    Ok(Some(LoadedRun { run, armed, written, is_unreadable }))
}

/// The rows of a run's history after a key, page by page.
fn fold_after(
    store: &dyn Store,
    mut after: RowKey,
    mut each: impl FnMut(&HistoryRow) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let RowKey::History(HistoryKey { run, .. }) = after else { return Ok(()) };
    let range = ScanRange::History { run };
    loop {
        let page = store.scan(&range, Some(&after), PAGE).map_err(|e| LoadError::Read(run, e))?;
        for row in &page.rows {
            if let Row::History(row) = row {
                each(row)?;
                after = RowKey::History(row.key);
            }
        }
        if !page.more {
            return Ok(());
        }
    }
}

/// The number of a task's last log line; 0 when it has none. Lines are numbered from 1 without
/// gaps, so a few looks suffice however many there are.
fn last_log_line(store: &dyn Store, task: TaskId) -> Result<u32, ReadError> {
    let exists = |number: u32| -> Result<bool, ReadError> {
        let key = RowKey::TaskLog(TaskLogKey { task, number });
        Ok(store.get(&key)?.is_some())
    };
    let (mut known, mut step) = (0u32, 1u32);
    while exists(known.saturating_add(step))? {
        known = known.saturating_add(step);
        step = step.saturating_mul(2);
    }
    // The last line is at `known` or within `step` after it.
    while step > 1 {
        step /= 2;
        if exists(known.saturating_add(step))? {
            known = known.saturating_add(step);
        }
    }
    Ok(known)
}

pub(super) fn definition(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    run: RunId,
    hash: DefinitionHash,
) -> Result<Arc<Workflow>, LoadError> {
    if let Some(known) = metadata.by_hash(&hash) {
        return Ok(known);
    }
    let key = ResolvedKey { shard, hash: fermata_storage::DefinitionHash(hash.0) };
    let row = store.get(&RowKey::Resolved(key)).map_err(|error| LoadError::Read(run, error))?;
    let Some(Row::Resolved(row)) = row else { return Err(LoadError::NoDefinition(run)) };
    let json = std::str::from_utf8(&row.json).map_err(|_| LoadError::NoDefinition(run))?;
    metadata.compile(json).map_err(|error| LoadError::Definition(run, error))
}

fn outbox(store: &dyn Store, after: OutboxKey, count: usize) -> Result<LoadedOutbox, ReadError> {
    let OutboxKey { source, target, .. } = after;
    let range = ScanRange::Outbox { source, target };
    let page = store.scan(&range, Some(&RowKey::Outbox(after)), count)?;
    let rows = page.rows.into_iter().filter_map(|row| match row {
        Row::Outbox(row) => Some((row.key.number, row.command.len(), relay::decode(&row)?)),
        _ => None,
    });
    Ok(LoadedOutbox { target, rows: rows.collect() })
}

/// Gives a parcel the definition it needs, from memory or from the sender's row. One that cannot
/// be read stays missing, which is logged; the target then refuses the start.
#[must_use]
pub fn complete(store: &dyn Store, metadata: &Metadata, shard: ShardId, mut post: Post) -> Post {
    if let Post::Parcel(parcel) = &mut post
        && parcel.definition.is_none()
        && let Internal::StartRun(start) = &parcel.command
    {
        let run = start.run.or_else(|| start.asked_by.map(|asked| asked.task.run()));
        let Some(run) = run else { return post };
        match definition(store, metadata, shard, run, start.definition) {
            Ok(found) => parcel.definition = Some(found),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "load failed");
            }
        }
    }
    post
}

fn messages(
    store: &dyn Store,
    run: RunId,
    after: MessageOffset,
    count: u32,
) -> Result<Vec<PendingMessage>, ReadError> {
    let lane = DEFAULT_LANE.to_owned();
    let range = ScanRange::Messages { run, lane: lane.clone() };
    let after = RowKey::Message(fermata_storage::MessageKey { run, lane, offset: after });
    let page = store.scan(&range, Some(&after), count as usize)?;
    let rows = page.rows.into_iter().filter_map(|row| match row {
        Row::Message(row) => Some(PendingMessage {
            offset: row.key.offset,
            id: row.id,
            payload: row.payload,
            received: row.received,
        }),
        _ => None,
    });
    Ok(rows.collect())
}

/// A shard's deadline rows behind a place, up to a number, and whether there are more.
///
/// # Errors
/// The store cannot be read.
pub fn deadlines(
    store: &dyn Store,
    shard: ShardId,
    after: Option<Due>,
    count: usize,
) -> Result<(Vec<(Due, RunEpoch)>, bool), ReadError> {
    let range = ScanRange::DueDeadlines { shard };
    let key = |(due, run)| RowKey::DueDeadline(DueDeadlineKey { shard, due, run });
    let mut after = after.map(key);
    let mut rows = Vec::new();
    loop {
        let page = store.scan(&range, after.as_ref(), count.saturating_sub(rows.len()).max(1))?;
        after = page.rows.last().map(Row::key);
        rows.extend(page.rows.into_iter().filter_map(|row| match row {
            Row::DueDeadline(row) => Some(((row.key.due, row.key.run), row.run_epoch)),
            _ => None,
        }));
        if !page.more || rows.len() >= count {
            return Ok((rows, page.more));
        }
    }
}
