//! The durable truth, kept beside the store: every group whose commit succeeded is folded into it,
//! row by row and event by event. What the server answers is compared with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fermata_decider::definition::{self, DefinitionHash, Workflow};
use fermata_decider::run::{Lane, Stored};
use fermata_decider::{Event, Run, apply};
use fermata_runtime::shard::relay::{self, Internal};
use fermata_runtime::{codec, payloads};
use fermata_storage::{
    Batch, DedupRow, HistoryKey, HistoryRow, LaneRow, MessageRow, OutboxKey, PayloadKey, Row,
    RowKey, Write,
};
use fermata_types::{EventNumber, Payload, RunId, ShardId, TaskId, Timestamp};

use crate::invariants::{history_has_no_gaps, terminal_once_per_epoch};
use crate::violation::{Checked, Violation};

/// All rows and all runs as the durable groups make them.
#[derive(Default)]
pub(crate) struct Shadow {
    pub(crate) rows: BTreeMap<RowKey, Row>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    /// Runs that were deleted, durably.
    pub(crate) deleted: BTreeSet<RunId>,
    /// Tasks of iterations that a loop has dropped, durably.
    pub(crate) dropped: BTreeSet<TaskId>,
    /// Ids of messages that a task has taken, with the run.
    pub(crate) taken: BTreeMap<String, RunId>,
    /// Commands between runs that have no row any more or never had one are not here.
    pub(crate) outbox: BTreeMap<(ShardId, u64), Internal>,
    /// Runs of other trees that were asked for, durably.
    pub(crate) asked: BTreeSet<RunId>,
    /// Events that were published, durably, by their message's id.
    pub(crate) published: BTreeSet<String>,
    /// Runs that an event started, by the id of its message.
    pub(crate) echoes: BTreeMap<String, RunId>,
    /// How often each kind of thing has happened.
    pub(crate) happened: BTreeMap<String, u64>,
    /// When the deadline rows of each run are due.
    pub(crate) deadlines: BTreeMap<RunId, BTreeSet<Timestamp>>,
    definitions: BTreeMap<DefinitionHash, Arc<Workflow>>,
}

/// What one batch did, for the invariants that look at batches.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) shard: ShardId,
    pub(crate) events: Vec<(RunId, Event)>,
    /// Runs that began in the batch.
    pub(crate) started: Vec<RunId>,
    /// Messages whose rows were removed, not by the deletion of their run.
    pub(crate) consumed: Vec<MessageRow>,
    /// Lanes before and after.
    pub(crate) lanes: Vec<(RunId, Lane, Lane)>,
    pub(crate) dedups: Vec<DedupRow>,
    pub(crate) deleted: Vec<RunId>,
    /// Every run that a row of the batch speaks of.
    pub(crate) touched: BTreeSet<RunId>,
}

impl Shadow {
    /// Folds a durable batch in.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<Facts, Violation> {
        let mut facts = Facts { shard: batch.shard, ..Facts::default() };
        for write in &batch.writes {
            match write {
                Write::Put(row) => self.put(row, &mut facts)?,
                Write::Delete(key) => self.delete(key, &mut facts),
                Write::AssertAbsent(_) => {}
            }
        }
        let deleted = facts.deleted.clone();
        facts.consumed.retain(|row| !deleted.contains(&row.key.run));
        Ok(facts)
    }

    fn put(&mut self, row: &Row, facts: &mut Facts) -> Checked {
        match row {
            Row::History(history) => self.history(history, facts)?,
            Row::Lane(lane) => self.lane(lane, facts),
            Row::Dedup(dedup) => facts.dedups.push(dedup.clone()),
            Row::Outbox(outbox) => {
                if let Some(command) = relay::decode(outbox) {
                    facts.touched.extend(waiting(&command, &outbox.key));
                    self.outbox.insert((outbox.key.source, outbox.key.number), command);
                }
            }
            Row::Queue(queue) => {
                facts.touched.insert(queue.key.ready.age.run());
            }
            Row::DueDeadline(deadline) => {
                let key = deadline.key;
                facts.touched.insert(key.run);
                self.deadlines.entry(key.run).or_default().insert(key.due);
            }
            _ => {}
        }
        self.rows.insert(row.key(), row.clone());
        Ok(())
    }

    fn delete(&mut self, key: &RowKey, facts: &mut Facts) {
        match key {
            RowKey::Run(key) => {
                self.runs.remove(&key.run);
                self.deleted.insert(key.run);
                facts.deleted.push(key.run);
            }
            RowKey::Message(_) => {
                if let Some(Row::Message(row)) = self.rows.get(key) {
                    facts.consumed.push(row.clone());
                }
            }
            RowKey::Outbox(key) => {
                if let Some(command) = self.outbox.remove(&(key.source, key.number)) {
                    facts.touched.extend(waiting(&command, key));
                }
            }
            RowKey::Queue(key) => {
                facts.touched.insert(key.ready.age.run());
            }
            RowKey::DueDeadline(key) => {
                facts.touched.insert(key.run);
                if let Some(rows) = self.deadlines.get_mut(&key.run) {
                    rows.remove(&key.due);
                }
            }
            _ => {}
        }
        self.rows.remove(key);
    }

    fn history(&mut self, row: &HistoryRow, facts: &mut Facts) -> Checked {
        let id = row.key.run;
        let events = history_has_no_gaps::decode(row)?;
        facts.touched.insert(id);
        let mut run = match self.runs.remove(&id) {
            Some(run) => run,
            None => self.begin(id, events.first())?,
        };
        history_has_no_gaps::follows(&run, row, events.len())?;
        if !run.has_started() {
            facts.started.push(id);
        }
        run.row = row.key.first;
        for event in events {
            terminal_once_per_epoch::check(&run, &event)?;
            self.count(&event);
            let had: Vec<_> = match event {
                Event::IterationsDropped { .. } => run.tasks.iter().map(|it| it.number).collect(),
                _ => Vec::new(),
            };
            apply(&mut run, &event);
            let gone = had.into_iter().filter(|number| run.task(*number).is_none());
            self.dropped.extend(gone.map(|number| id.task(number)));
            facts.events.push((id, event));
        }
        facts.touched.extend(run.parent.map(|task| task.run()));
        self.runs.insert(id, run);
        Ok(())
    }

    fn count(&mut self, event: &Event) {
        let kind = match event {
            Event::RunClosed { status, .. } => format!("Run {status}"),
            Event::TaskClosed(closed) => format!("Task {}", closed.status),
            other => name(other).to_owned(),
        };
        *self.happened.entry(kind).or_default() += 1;
    }

    fn begin(&mut self, id: RunId, first: Option<&Event>) -> Result<Run, Violation> {
        let Some(Event::RunStarted(origin)) = first else {
            return Err(history_has_no_gaps::no_start(id));
        };
        let definition = self.definition(origin.definition);
        definition
            .map(|found| Run::new(id, found))
            .ok_or_else(|| history_has_no_gaps::no_definition(id))
    }

    fn definition(&mut self, hash: DefinitionHash) -> Option<Arc<Workflow>> {
        if let Some(known) = self.definitions.get(&hash) {
            return Some(known.clone());
        }
        let row = self.rows.values().find_map(|row| match row {
            Row::Resolved(row) if row.key.hash.0 == hash.0 => Some(row),
            _ => None,
        })?;
        let compiled = Arc::new(definition::compile(std::str::from_utf8(&row.json).ok()?).ok()?);
        self.definitions.insert(hash, compiled.clone());
        Some(compiled)
    }

    fn lane(&mut self, row: &LaneRow, facts: &mut Facts) {
        let id = row.key.run;
        facts.touched.insert(id);
        let after = Lane { head: row.head, cursor: row.cursor };
        if let Some(run) = self.runs.get_mut(&id) {
            facts.lanes.push((id, run.lane, after));
            run.lane = after;
        }
    }

    /// A payload of a run from its durable rows.
    pub(crate) fn payload(&self, run: RunId, at: Stored) -> Option<Payload> {
        let event = at.event();
        let key = RowKey::Payload(PayloadKey { run, event, part: 0 });
        if let Some(Row::Payload(row)) = self.rows.get(&key) {
            return Some(Payload::trusted(row.bytes.clone()));
        }
        match self.rows.get(&RowKey::History(HistoryKey { run, first: at.row() })) {
            Some(Row::History(row)) => payloads::in_row(row, at),
            _ => None,
        }
    }

    /// The output of a run that has ended with a value.
    pub(crate) fn closed_output(&self, id: RunId) -> Option<Payload> {
        self.payload(id, self.runs.get(&id)?.output_at?)
    }

    /// Whether a task is not there because it need not be: its run was deleted, or the iteration
    /// it belonged to dropped.
    pub(crate) fn is_gone(&self, task: TaskId) -> bool {
        self.deleted.contains(&task.run()) || self.dropped.contains(&task)
    }

    /// Whether the payloads that a history row keeps outside are there. The batch that brings
    /// one may also drop the iteration it belongs to.
    pub(crate) fn payloads_are_there(&self, row: &HistoryRow) -> bool {
        let run = row.key.run;
        codec::decode(row).is_ok_and(|events| {
            events.iter().zip(row.key.first.0..).all(|((is_outside, event), number)| {
                let key = PayloadKey { run, event: EventNumber(number), part: 0 };
                let task = match event {
                    Event::TaskScheduled(made) => Some(made.number),
                    Event::TaskClosed(closed) => Some(closed.task),
                    Event::TaskProgressed { task, .. } | Event::EventPublished { task, .. } => {
                        Some(*task)
                    }
                    _ => None,
                };
                !is_outside
                    || self.rows.contains_key(&RowKey::Payload(key))
                    || task.is_some_and(|task| self.is_gone(run.task(task)))
            })
        })
    }
}

/// The run of a command's own shard that waits for it: the one it is for, or who asked for it.
fn waiting(command: &Internal, key: &OutboxKey) -> Option<RunId> {
    if key.source == key.target {
        return command.target();
    }
    match command {
        Internal::StartRun(start) => start.asked_by.map(|asked| asked.task.run()),
        _ => None,
    }
}

const fn name(event: &Event) -> &'static str {
    match event {
        Event::RunStarted(_) => "RunStarted",
        Event::TaskScheduled(_) => "TaskScheduled",
        Event::TaskLeased { .. } => "TaskLeased",
        Event::TaskProgressed { .. } => "TaskProgressed",
        Event::LeaseExtended { .. } => "LeaseExtended",
        Event::TaskClosed(_) => "TaskClosed",
        Event::TaskForgiven { .. } => "TaskForgiven",
        Event::TaskSettled { .. } => "TaskSettled",
        Event::BranchChosen { .. } => "BranchChosen",
        Event::LoopAdvanced { .. } => "LoopAdvanced",
        Event::VariablesSet { .. } => "VariablesSet",
        Event::RunPaused { .. } => "RunPaused",
        Event::RunResumed { .. } => "RunResumed",
        Event::RunClosed { .. } => "RunClosed",
        Event::TaskReturned { .. } => "TaskReturned",
        Event::BranchesPlanned(_) => "BranchesPlanned",
        Event::TaskResolved { .. } => "TaskResolved",
        Event::ChildStarted { .. } => "ChildStarted",
        Event::ItemTaken { .. } => "ItemTaken",
        Event::IterationsDropped { .. } => "IterationsDropped",
        Event::StartRequested { .. } => "StartRequested",
        Event::EventPublished { .. } => "EventPublished",
        #[allow(
            unreachable_patterns,
            reason = "an event added to the decider does not stop the simulation"
        )]
        _ => "other",
    }
}
