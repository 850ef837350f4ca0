//! The audit: whether every open run in a store names what it waits for, read from rows alone.
//!
//! It is for a store that nobody serves at the moment (`fermata doctor`): while a server runs, a
//! run may move between the reading of two rows.

use std::collections::{BTreeMap, BTreeSet};

use fermata_decider::Run;
use fermata_decider::definition::Kind;
use fermata_decider::run::{Task, clock};
use fermata_storage::{Family, ReadError, Row, RowKey, RunKey, RunRow, ScanRange, Store};
use fermata_types::{RunId, RunStatus, ShardId, TaskId, TaskStatus, Timestamp};

use crate::metadata::Metadata;
use crate::shard::load::{LoadError, load_run, scan_all};
use crate::shard::map::ShardMap;
use crate::shard::relay::{self, Internal};

/// Something that should not be: a run that would wait for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The run.
    pub run: RunId,
    /// What is wrong with it, in words for people.
    pub what: String,
}

/// What an audit has looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audited {
    /// All runs.
    pub runs: u64,
    /// Those that have not ended.
    pub open: u64,
    /// Tasks that wait in queues.
    pub queued: u64,
}

/// Why an audit could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store cannot be read.
    #[error("cannot read the store")]
    Read(#[from] ReadError),
}

/// Looks at every run of a store. Memory: some tens of bytes for each waiting task and deadline.
///
/// # Errors
/// The store cannot be read. A run that cannot be loaded is a finding, not an error.
pub fn audit(store: &dyn Store, found: &mut dyn FnMut(Finding)) -> Result<Audited, AuditError> {
    let metadata = Metadata::load(store)?;
    let mut shards = 0u16;
    scan_all(store, &ScanRange::Family(Family::Shard), |_| shards = shards.saturating_add(1))?;
    let map = ShardMap::dealt(shards.max(1));
    let waiting = Waiting::read(store, shards)?;
    let mut audited = Audited { queued: waiting.queued.len() as u64, ..Audited::default() };
    let mut after: Option<RowKey> = None;
    loop {
        let page = store.scan(&ScanRange::Family(Family::Run), after.as_ref(), PAGE)?;
        after = page.rows.last().map(Row::key);
        for row in page.rows {
            let Row::Run(row) = row else { continue };
            audited.runs += 1;
            if row.status.is_terminal() {
                continue;
            }
            audited.open += 1;
            let shard = map.of(row.key.run);
            if let Err(what) = check(store, &metadata, shard, &row, &waiting) {
                found(Finding { run: row.key.run, what });
            }
        }
        if !page.more {
            return Ok(audited);
        }
    }
}

/// Rows read at once.
const PAGE: usize = 256;

/// What rings for runs, by run or task.
struct Waiting {
    queued: BTreeSet<TaskId>,
    deadlines: BTreeMap<RunId, Timestamp>,
    /// Children whose start or end is on its way.
    moving: BTreeSet<RunId>,
    /// Tasks that asked for a run of another tree and have not heard of it: the request or its
    /// answer is on its way.
    asking: BTreeSet<TaskId>,
}

impl Waiting {
    fn read(store: &dyn Store, shards: u16) -> Result<Self, ReadError> {
        let mut queued = BTreeSet::new();
        let mut deadlines = BTreeMap::new();
        let (mut moving, mut asking) = (BTreeSet::new(), BTreeSet::new());
        scan_all(store, &ScanRange::Family(Family::Queue), |row| {
            if let Row::Queue(row) = row {
                queued.insert(row.key.ready.age);
            }
        })?;
        for shard in (0..shards).map(ShardId) {
            scan_all(store, &ScanRange::DueDeadlines { shard }, |row| {
                // They come by time: the first of a run is its earliest.
                if let Row::DueDeadline(row) = row {
                    deadlines.entry(row.key.run).or_insert(row.key.due);
                }
            })?;
            scan_all(store, &ScanRange::OutboxOfShard { source: shard }, |row| {
                let Row::Outbox(row) = row else { return };
                match relay::decode(&row) {
                    Some(Internal::StartChild { child, .. }) => moving.insert(child),
                    Some(Internal::ChildEnded(end)) => moving.insert(end.child),
                    Some(Internal::StartRun(start)) => {
                        start.asked_by.is_some_and(|asked| asking.insert(asked.task))
                    }
                    Some(Internal::StartAnswered(answer)) => asking.insert(answer.asked_by.task),
                    _ => false,
                };
            })?;
        }
        Ok(Self { queued, deadlines, moving, asking })
    }
}

fn check(
    store: &dyn Store,
    metadata: &Metadata,
    shard: ShardId,
    row: &RunRow,
    waiting: &Waiting,
) -> Result<(), String> {
    let id = row.key.run;
    let run = match load_run(store, metadata, shard, id) {
        Ok(Some(loaded)) => loaded.run,
        Ok(None) => return Err("has no history".to_owned()),
        Err(error @ (LoadError::Read(..) | LoadError::Decode(..))) => {
            return Err(format!("cannot be read: {error}"));
        }
        Err(error) => return Err(error.to_string()),
    };
    if run.status.is_terminal() {
        return Err(format!("is {} by its history and {} by its row", run.status, row.status));
    }
    let wanted = if run.is_quiet() { clock::next_deadline(&run) } else { Some(Timestamp::ZERO) };
    let armed = waiting.deadlines.get(&id);
    if let Some(wanted) = wanted
        && armed.is_none_or(|armed| *armed > wanted)
    {
        return Err(format!("has to go on at {wanted}, and no deadline row says so"));
    }
    if run.status == RunStatus::Paused || !run.is_quiet() {
        return Ok(());
    }
    let mut waits = false;
    for task in run.tasks.iter().filter(|task| !task.status.is_terminal()) {
        waits |= waits_outside(store, &run, task, waiting)?;
    }
    if waits { Ok(()) } else { Err("waits for nothing".to_owned()) }
}

/// Whether something outside the run will move this open task.
fn waits_outside(
    store: &dyn Store,
    run: &Run,
    task: &Task,
    waiting: &Waiting,
) -> Result<bool, String> {
    let id = run.id.task(task.number);
    match &run.step_of(task).kind {
        Kind::Worker { task_type } => {
            if task.status == TaskStatus::Scheduled && !waiting.queued.contains(&id) {
                return Err(format!("task {id} of type {task_type} is in no queue"));
            }
            Ok(true)
        }
        Kind::SubWorkflow { .. } => has_child(store, task, waiting)
            .map(|()| true)
            .map_err(|what| format!("sub-workflow task {id} {what}")),
        Kind::StartWorkflow => {
            // One that waits for the end of a delay has a deadline.
            let is_delayed = task.status == TaskStatus::Scheduled;
            if !is_delayed && !waiting.asking.contains(&id) {
                return Err(format!(
                    "task {id} asked for a run, and nothing of that is on its way"
                ));
            }
            Ok(true)
        }
        // An EVENT task that is open has published, and is completed by someone else.
        Kind::Wait | Kind::Human | Kind::PullMessages | Kind::Event { .. } => Ok(true),
        _ => Ok(false),
    }
}

fn has_child(store: &dyn Store, task: &Task, waiting: &Waiting) -> Result<(), String> {
    let Some(child) = task.child() else {
        // It waits for the end of a retry's delay, which is a deadline.
        let is_delayed = task.status == TaskStatus::Scheduled;
        return if is_delayed { Ok(()) } else { Err("has no child".to_owned()) };
    };
    if waiting.moving.contains(&child) {
        return Ok(());
    }
    match store.get(&RowKey::Run(RunKey { run: child })) {
        Ok(Some(Row::Run(row))) if !row.status.is_terminal() => Ok(()),
        Ok(Some(_)) => Err(format!("waits for {child}, which has ended")),
        Ok(None) => Err(format!("waits for {child}, which does not exist")),
        Err(error) => Err(format!("waits for {child}, which cannot be read: {error}")),
    }
}
