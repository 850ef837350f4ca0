//! Effects as rows: what must follow a decision is written in its batch, and rings only after it.

use fermata_decider::Effect;
use fermata_decider::effect::{Forgotten, QueuePlace};
use fermata_decider::event::Event;
use fermata_storage::{
    EndedKey, EndedKind, EndedRow, LaneKey, LaneRow, LookupKey, LookupRow, MessageKey, MessageRow,
    PayloadKey, PayloadRow, QueueKey, QueueRow, Ready, ResolvedKey, ResolvedRow, Row, RowKey,
    RunKey, RunRow, TaskLogKey, TaskLogRow, Write,
};
use fermata_types::{RunStatus, Timestamp};

use crate::codec;
use crate::metrics;
use crate::mutant::Mutant;
use crate::shard::entry::Entry;
use crate::shard::fetched::DEFAULT_LANE;
use crate::shard::machine::{Held, InternalItem, Machine, Output};
use crate::shard::relay::Internal;

impl Machine {
    /// Puts a write into the batch being built.
    pub(super) fn stage(&mut self, write: Write) {
        if !self.has(Mutant::OverlayIgnored) {
            self.overlay.note(self.building, &write);
        }
        self.staged.push(write);
    }

    fn put(&mut self, row: Row) {
        self.stage(Write::Put(row));
    }

    /// The row of a place in a queue.
    pub(super) fn queue_key(&self, entry: &Entry, place: &QueuePlace) -> QueueKey {
        QueueKey {
            shard: self.shard,
            queue: place.queue.clone(),
            ready: Ready {
                priority: entry.run.priority,
                due: place.ready,
                age: entry.run.id.task(place.task),
            },
        }
    }

    /// Stages an effect's rows, and holds what rings once they are durable.
    pub(super) fn effect(&mut self, entry: &mut Entry, effect: Effect) {
        match effect {
            Effect::Enqueue(place) => {
                let key = self.queue_key(entry, &place);
                let run_epoch = entry.run.epoch;
                if !self.has(Mutant::QueueRowNotWritten) {
                    self.put(Row::Queue(QueueRow { key: key.clone(), run_epoch }));
                }
                let bell = Output::Enqueued(key, run_epoch);
                let is_early = self.has(Mutant::EarlyHandOut);
                let barrier = if is_early { self.durable } else { self.building };
                self.hold(barrier, Held::Output(bell));
            }
            Effect::Dequeue(place) => {
                let key = self.queue_key(entry, &place);
                if !self.has(Mutant::QueueRowNotDeleted) {
                    self.stage(Write::Delete(RowKey::Queue(key.clone())));
                }
                self.hold(self.building, Held::Output(Output::Dequeued(key)));
            }
            Effect::StartChild { child, definition, origin } => {
                self.keep_definition(&definition);
                let definition = definition.hash;
                self.send(Internal::StartChild { child, definition, origin });
            }
            Effect::EndChild { child, reason } => self.send(Internal::EndChild { child, reason }),
            Effect::NotifyParent(end) => self.send(Internal::ChildEnded(end)),
            Effect::FinishTask(finish) => self.dispatch(Internal::FinishTask(finish)),
            Effect::StartRun(start) => self.start_elsewhere(*start),
            Effect::AppendMessage { offset, id, payload, received } => {
                let lane = DEFAULT_LANE.to_owned();
                let key = MessageKey { run: entry.run.id, lane, offset };
                entry.run.lane.head = offset;
                self.put(Row::Message(MessageRow { key, id, payload, received }));
                self.put_lane(entry);
                metrics::count(&self.shared.metrics.messages);
            }
            Effect::ConsumeMessages { from, through } => {
                for offset in from.0..=through.0 {
                    let offset = fermata_types::MessageOffset(offset);
                    entry.messages.remove(&offset);
                    let lane = DEFAULT_LANE.to_owned();
                    let key = MessageKey { run: entry.run.id, lane, offset };
                    self.stage(Write::Delete(RowKey::Message(key)));
                }
                entry.run.lane.cursor = through;
                self.put_lane(entry);
            }
            Effect::ForgetTasks(gone) => self.forget_tasks(entry, gone),
            Effect::AppendLogs { task, lines } => self.append_logs(entry, task, lines),
        }
    }

    fn append_logs(
        &mut self,
        entry: &mut Entry,
        task: fermata_types::TaskNumber,
        lines: Vec<(String, Timestamp)>,
    ) {
        let id = entry.run.id.task(task);
        for (text, created) in lines {
            let count = entry.log_lines.entry(task).or_default();
            *count = count.saturating_add(1);
            let key = TaskLogKey { task: id, number: *count };
            self.put(Row::TaskLog(TaskLogRow { key, text, created }));
        }
    }

    /// Deletes the rows that only tasks gone from the state had: payloads too large for history,
    /// and logs.
    fn forget_tasks(&mut self, entry: &mut Entry, gone: Vec<Forgotten>) {
        let run = entry.run.id;
        for Forgotten { task, payloads } in gone {
            for at in payloads {
                let event = at.event();
                if at.row() == entry.run.row {
                    // Its row, if it has one, would be staged at the end of this turn.
                    entry.forgotten.insert(event);
                    continue;
                }
                self.stage(Write::Delete(RowKey::Payload(PayloadKey { run, event, part: 0 })));
            }
            for number in 1..=entry.log_lines.remove(&task).unwrap_or(0) {
                let key = TaskLogKey { task: run.task(task), number };
                self.stage(Write::Delete(RowKey::TaskLog(key)));
            }
        }
    }

    /// Sends a command to a run of this shard.
    pub(super) fn send(&mut self, command: Internal) {
        let number = self.relay.accept(command);
        self.internal.push_back(InternalItem::Relayed(number));
    }

    fn put_lane(&mut self, entry: &Entry) {
        let lane = entry.run.lane;
        let key = LaneKey { run: entry.run.id, lane: DEFAULT_LANE.to_owned() };
        let row = LaneRow { key, head: lane.head, cursor: lane.cursor, bytes: 0 };
        self.stage_or_postpone(Write::Put(Row::Lane(row)), Mutant::LaneOutsideBatch);
    }

    /// Keeps the resolved definition's row once per shard.
    pub(super) fn keep_definition(&mut self, definition: &fermata_decider::definition::Workflow) {
        if self.resolved.insert(definition.hash) {
            let hash = fermata_storage::DefinitionHash(definition.hash.0);
            let key = ResolvedKey { shard: self.shard, hash };
            let json = bytes::Bytes::copy_from_slice(definition.json.as_bytes());
            self.put(Row::Resolved(ResolvedRow { key, json }));
        }
    }

    /// Stages a turn's events and what the run's new state says of itself.
    pub(super) fn stage_turn(&mut self, entry: &mut Entry, turn: Turn) {
        entry.touched = self.building;
        if turn.events.is_empty() {
            return;
        }
        metrics::add(&self.shared.metrics.events, turn.events.len());
        let is_summary_new = turn.events.iter().any(changes_summary);
        let (history, payloads) = codec::encode(entry.run.id, entry.run.row, turn.events);
        self.put(Row::History(history));
        if !self.has(Mutant::PayloadRowNotWritten) {
            let is_kept = |row: &PayloadRow| !entry.forgotten.contains(&row.key.event);
            payloads.into_iter().filter(is_kept).for_each(|row| self.put(Row::Payload(row)));
        }
        entry.forgotten.clear();
        if is_summary_new {
            self.stage_summary(entry, turn.before);
        }
    }

    fn stage_summary(&mut self, entry: &Entry, before: Option<RunStatus>) {
        let run = &entry.run;
        let key = RunKey { run: run.id };
        let closed = run.status.is_terminal().then_some(run.ended);
        match (before.is_none_or(RunStatus::is_terminal), closed.is_some()) {
            (true, false) => metrics::count(&self.shared.metrics.runs_started),
            (false, true) => metrics::count(&self.shared.metrics.runs_closed),
            (true, true) if before.is_none() => {
                metrics::count(&self.shared.metrics.runs_started);
                metrics::count(&self.shared.metrics.runs_closed);
            }
            _ => {}
        }
        self.put(Row::Run(RunRow {
            key,
            status: run.status,
            definition: fermata_storage::DefinitionHash(run.definition.hash.0),
            name: run.definition.key.name.clone(),
            version: run.definition.key.version,
            correlation: run.correlation.clone(),
            created: run.created,
            closed,
            parent: run.parent,
            last: run.last,
            idempotency_key: run.idempotency_key.clone(),
        }));
        self.stage_lookups(run, closed.is_some());
        self.stage_ended(run, closed);
    }

    /// The row that retention reads. Children go with their parent.
    fn stage_ended(&mut self, run: &fermata_decider::Run, closed: Option<Timestamp>) {
        if let (Some(at), None) = (closed, run.parent) {
            let key = EndedKey { shard: self.shard, at, run: run.id };
            let name = run.definition.key.name.clone();
            let (status, kind) = (run.status, EndedKind::Run);
            self.put(Row::Ended(EndedRow { key, name, status, kind }));
        }
    }

    fn stage_lookups(&mut self, run: &fermata_decider::Run, is_closed: bool) {
        let name = run.definition.key.name.clone();
        let row = |key| LookupRow {
            key,
            version: run.definition.key.version,
            created: run.created,
            closed: is_closed,
        };
        let shard = self.shard;
        let running = LookupKey::Running { shard, name: name.clone(), run: run.id };
        if is_closed {
            self.stage(Write::Delete(RowKey::Lookup(running)));
        } else {
            self.put(Row::Lookup(row(running)));
        }
        if let Some(correlation) = run.correlation.clone() {
            let key = LookupKey::Correlated { shard, name, correlation, run: run.id };
            self.put(Row::Lookup(row(key)));
        }
    }
}

/// The events of one turn, and the status before it (none for a new run).
pub(super) struct Turn {
    pub events: Vec<Event>,
    pub before: Option<RunStatus>,
}

const fn changes_summary(event: &Event) -> bool {
    matches!(
        event,
        Event::RunStarted(_)
            | Event::RunPaused { .. }
            | Event::RunResumed { .. }
            | Event::RunClosed { .. }
    )
}
