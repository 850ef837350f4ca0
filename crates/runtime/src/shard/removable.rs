//! What has to go with a run, and whether what has ended may go: read off the shard.

use fermata_decider::Event;
use fermata_decider::definition::{Kind, Workflow};
use fermata_storage::{
    DedupKey, DueDeadlineKey, EndedKey, EndedKind, EndedRow, HistoryRow, LookupKey, ReadError, Row,
    RowKey, RunKey, RunRow, ScanRange, Store,
};
use fermata_types::{RunId, ShardId, Timestamp};

use crate::codec;
use crate::metadata::Metadata;
use crate::shard::load::{LoadError, definition, load_run, scan_all};

/// A run as removing it has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removable {
    /// Its row.
    pub row: RunRow,
    /// The keys of all its rows, its places in queues and leases excepted. A deadline that its
    /// history does not tell of is removed when it is met.
    pub keys: Vec<RowKey>,
    /// The runs its tasks have started as sub-workflows.
    pub children: Vec<RunId>,
    /// Its idempotency key, and when it was started under it.
    pub dedup: Option<(DedupKey, Timestamp)>,
}

/// What has become of something that retention wants to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// Nothing of it is left, or it may not go: only its row is out of date.
    Stale,
    /// An idempotency key whose run is gone, kept long enough.
    Key(DedupKey),
    /// A sub-workflow whose parent is gone and that may go later: look again then; none is soon.
    Later(Option<Timestamp>),
    /// A run that has ended and may go.
    Run(Removable),
}

/// Reads whether an ended row still tells the truth.
///
/// # Errors
/// The store cannot be read, or the run's history not be decoded.
pub fn retirement(
    store: &dyn Store,
    metadata: &Metadata,
    row: &EndedRow,
) -> Result<Retirement, LoadError> {
    let EndedKey { shard, at, run } = row.key;
    if let EndedKind::Key(key) = &row.kind {
        let key = DedupKey { shard, name: row.name.clone(), key: key.clone() };
        let found = store.get(&RowKey::Dedup(key.clone()));
        let found = found.map_err(|error| LoadError::Read(run, error))?;
        let is_its = matches!(found, Some(Row::Dedup(dedup)) if dedup.run == run);
        return Ok(if is_its { Retirement::Key(key) } else { Retirement::Stale });
    }
    let Some(found) = removable(store, metadata, shard, run)? else {
        return Ok(Retirement::Stale);
    };
    let closed = found.row.closed.filter(|_| found.row.status.is_terminal());
    let has_ended = closed.is_some_and(|closed| closed <= at);
    Ok(match (has_ended, found.row.parent) {
        (true, _) => Retirement::Run(found),
        // It has no row of its own to come back with.
        (false, Some(_)) => Retirement::Later(closed),
        (false, None) => Retirement::Stale,
    })
}

/// Reads the keys of all rows of a run; none when there is none.
///
/// # Errors
/// As for [`retirement`].
pub fn removable(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    run: RunId,
) -> Result<Option<Removable>, LoadError> {
    let read = |error| LoadError::Read(run, error);
    let found = store.get(&RowKey::Run(RunKey { run })).map_err(read)?;
    let Some(Row::Run(row)) = found else { return Ok(None) };
    let mut keys = vec![RowKey::Run(row.key)];
    keys.extend(lookups(shard, &row));
    let has_children = has_children(store, metadata, shard, &row)?;
    let mut children = Vec::new();
    scan_all(store, &ScanRange::History { run }, |row| {
        keys.push(row.key());
        if let (true, Row::History(row)) = (has_children, row) {
            children.extend(started_in(&row));
        }
    })
    .map_err(read)?;
    for range in [
        ScanRange::Payloads { run },
        ScanRange::Snapshot { run },
        ScanRange::Lanes { run },
        ScanRange::MessagesOfRun { run },
        ScanRange::TaskLogsOfRun { run },
    ] {
        scan_all(store, &range, |row| keys.push(row.key())).map_err(read)?;
    }
    if row.closed.is_none() {
        let due = armed(store, metadata, shard, run)?;
        keys.extend(due.map(|due| RowKey::DueDeadline(DueDeadlineKey { shard, due, run })));
    }
    let dedup = dedup(store, shard, &row).map_err(read)?;
    Ok(Some(Removable { row, keys, children, dedup }))
}

fn lookups(shard: ShardId, row: &RunRow) -> Vec<RowKey> {
    let (run, name) = (row.key.run, &row.name);
    let mut keys = vec![RowKey::Lookup(LookupKey::Running { shard, name: name.clone(), run })];
    if let Some(correlation) = row.correlation.clone() {
        let key = LookupKey::Correlated { shard, name: name.clone(), correlation, run };
        keys.push(RowKey::Lookup(key));
    }
    if let (Some(at), None) = (row.closed, row.parent) {
        keys.push(RowKey::Ended(EndedKey { shard, at, run }));
    }
    keys
}

/// The run's idempotency key, unless another run has taken it since.
fn dedup(
    store: &dyn Store,
    shard: ShardId,
    row: &RunRow,
) -> Result<Option<(DedupKey, Timestamp)>, ReadError> {
    let Some(key) = row.idempotency_key.clone() else { return Ok(None) };
    let key = DedupKey { shard, name: row.name.clone(), key };
    let found = store.get(&RowKey::Dedup(key.clone()))?;
    let is_its = matches!(found, Some(Row::Dedup(dedup)) if dedup.run == row.key.run);
    Ok(is_its.then_some((key, row.created)))
}

/// The runs that a run's tasks have started as sub-workflows, dropped iterations included.
///
/// # Errors
/// The store cannot be read.
pub fn children(store: &dyn Store, run: RunId) -> Result<Vec<RunId>, ReadError> {
    let mut children = Vec::new();
    scan_all(store, &ScanRange::History { run }, |row| {
        if let Row::History(row) = row {
            children.extend(started_in(&row));
        }
    })?;
    Ok(children)
}

/// Children are read from history, not from the state: a loop may have dropped the iterations
/// that started them.
fn started_in(row: &HistoryRow) -> Vec<RunId> {
    // A run that can no longer be read must still be removable.
    let events = codec::decode(row).unwrap_or_default();
    let child = |(_, event): (bool, Event)| match event {
        Event::TaskScheduled(scheduled) => scheduled.child,
        Event::ChildStarted { child, .. } => Some(child),
        _ => None,
    };
    events.into_iter().filter_map(child).collect()
}

fn has_children(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    row: &RunRow,
) -> Result<bool, LoadError> {
    let hash = fermata_decider::definition::DefinitionHash(row.definition.0);
    match definition(store, metadata, shard, row.key.run, hash) {
        Ok(definition) => Ok(may_have_children(&definition)),
        Err(error @ LoadError::Read(..)) => Err(error),
        Err(_) => Ok(true),
    }
}

/// When the deadline row of an open run is due.
fn armed(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    run: RunId,
) -> Result<Option<Timestamp>, LoadError> {
    match load_run(store, metadata, shard, run) {
        Ok(loaded) => Ok(loaded.and_then(|loaded| loaded.armed.row)),
        Err(error @ LoadError::Read(..)) => Err(error),
        // Its deadline is removed when it is met.
        Err(_) => Ok(None),
    }
}

fn may_have_children(definition: &Workflow) -> bool {
    definition.steps.iter().any(|step| match &step.kind {
        // What is made from data may be anything.
        Kind::SubWorkflow { .. } | Kind::DynamicFork { .. } | Kind::Dynamic { .. } => true,
        // What a START_WORKFLOW task or an event started is no part of this run: it stays.
        Kind::Worker { .. }
        | Kind::StartWorkflow
        | Kind::Event { .. }
        | Kind::Switch { .. }
        | Kind::Decision { .. }
        | Kind::Inline
        | Kind::JsonJqTransform
        | Kind::Lambda
        | Kind::SetVariable
        | Kind::Terminate
        | Kind::Fork { .. }
        | Kind::Join { .. }
        | Kind::ExclusiveJoin { .. }
        | Kind::DoWhile { .. }
        | Kind::Wait
        | Kind::Human
        | Kind::PullMessages
        | Kind::Noop => false,
    })
}
