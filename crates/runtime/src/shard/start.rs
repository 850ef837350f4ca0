//! Starting runs, loading them; definitions; commands between runs.

use std::sync::Arc;

use fermata_decider::Command;
use fermata_decider::Run;
use fermata_decider::definition::{DefinitionHash, Workflow};
use fermata_decider::event::Origin;
use fermata_storage::{
    DedupKey, DedupRow, DefinitionKey, DefinitionRow, Row, RowKey, RunKey, Write,
};
use fermata_types::{BatchNumber, RunId, ShardKey, Span, TaskStatus, Timestamp};

use crate::mutant::Mutant;
use crate::shard::deadlines::Armed;
use crate::shard::entry::Entry;
use crate::shard::load::{Loaded, LoadedOutbox, LoadedRun};
use crate::shard::machine::{Held, LoadRequest, Machine, Output, Read};
use crate::shard::relay::{From, Internal, Pending, StartCommand};
use crate::shard::request::{Answer, Failure, Start, Strategy, Token};
use crate::shard::snapshot::Progress;

/// An idempotency key outlives its deleted run for that long (design 3).
pub(super) const KEY_KEPT: Span = Span::from_seconds(7 * 86_400);

impl Machine {
    /// Starts a run; one with an idempotency key asks for the key's row first. Concurrent starts
    /// with one key meet here: it carries them all to this shard.
    pub(super) fn start(&mut self, from: From, start: Box<Start>, now: Timestamp) {
        let Some(idempotency) = &start.idempotency else {
            self.begin(from, *start, now);
            return;
        };
        let name = start.definition.key.name.clone();
        let key = DedupKey { shard: self.shard, name, key: idempotency.key.clone() };
        let staged = match self.overlay.get(&RowKey::Dedup(key.clone())) {
            Some(Some(Row::Dedup(row))) => Some(Some((row.run, row.created))),
            Some(_) => Some(None),
            None => None,
        };
        let waiting = self.starts.entry(key.clone()).or_default();
        waiting.push((from, start));
        let is_first = waiting.len() == 1;
        match staged {
            Some(found) => self.key_read(&key, found, now),
            None if is_first => self.outputs.push_back(Output::Load(LoadRequest::Dedup(key))),
            None => {}
        }
    }

    /// The row of an idempotency key is known: decides the starts that wait for it.
    fn key_read(&mut self, key: &DedupKey, found: Option<(RunId, Timestamp)>, now: Timestamp) {
        let Some(holder) = found else {
            self.start_waiting(key, None, now);
            return;
        };
        if self.runs.contains_key(&holder.0) || self.deleted.contains_key(&holder.0) {
            self.start_waiting(key, Some(holder), now);
        } else {
            self.read(holder.0, Read::KeyHolder(key.clone(), holder.1), now);
        }
    }

    pub(super) fn start_waiting(
        &mut self,
        key: &DedupKey,
        holder: Option<(RunId, Timestamp)>,
        now: Timestamp,
    ) {
        let mut holder = holder
            .filter(|(run, created)| self.runs.contains_key(run) || now.since(*created) < KEY_KEPT);
        for (from, start) in self.starts.remove(key).unwrap_or_default() {
            let Some((run, _)) = holder else {
                holder = Some((self.begin(from, *start, now), now));
                continue;
            };
            let strategy = start.idempotency.as_ref().map_or(Strategy::Fail, |key| key.strategy);
            let is_open = self.runs.get(&run).is_some_and(|entry| !entry.run.status.is_terminal());
            let barrier = self.barrier(run);
            match strategy {
                Strategy::ReturnExisting => self.key_answered(from, barrier, Ok(run)),
                Strategy::FailOnRunning if !is_open => {
                    holder = Some((self.begin(from, *start, now), now));
                }
                _ => self.key_answered(from, barrier, Err(run)),
            }
        }
    }

    /// The key names that run: it is the answer, or why there is no new one.
    fn key_answered(&mut self, from: From, barrier: BatchNumber, holder: Result<RunId, RunId>) {
        match (from, holder) {
            (From::Token(token, _), Ok(run)) => self.answer(barrier, token, Answer::Started(run)),
            (From::Token(token, _), Err(run)) => self.answer(barrier, token, Answer::KeyUsed(run)),
            (From::Outbox(number), Ok(run)) => {
                self.tell_asker(number, Ok(run));
                self.consume_relayed(number);
            }
            (From::Outbox(number), Err(run)) => {
                let reason = format!("the idempotency key has been used by workflow {run}");
                self.start_refused(number, reason);
            }
            (From::Nobody, _) => {}
        }
    }

    fn begin(&mut self, from: From, start: Start, now: Timestamp) -> RunId {
        let run = self.mint.borrow_mut().mint(now, start.shard_key, &*self.shared.salt);
        let name = start.definition.key.name.clone();
        if let Some(idempotency) = start.idempotency {
            let key = DedupKey { shard: self.shard, name, key: idempotency.key };
            let row = Row::Dedup(DedupRow { key, run, created: now });
            self.stage_or_postpone(Write::Put(row), Mutant::KeyOutsideBatch);
        }
        let origin = Origin { at: now, ..start.origin };
        if let From::Outbox(number) = from {
            self.tell_asker(number, Ok(run));
        }
        self.create(run, start.definition, origin, from, now);
        run
    }

    pub(super) fn create(
        &mut self,
        run: RunId,
        definition: Arc<Workflow>,
        origin: Origin,
        from: From,
        now: Timestamp,
    ) {
        self.stage(Write::AssertAbsent(RowKey::Run(RunKey { run })));
        self.keep_definition(&definition);
        self.runs.insert(run, Entry::new(Run::new(run, definition), Armed::default()));
        self.command(run, Pending::new(Command::Start(Box::new(origin)), from), now);
    }

    /// Carries out a command of the relay.
    pub(super) fn relayed(&mut self, number: u64, now: Timestamp) {
        let Some(internal) = self.relay.get(number).cloned() else { return };
        let from = From::Outbox(number);
        match internal {
            Internal::StartChild { child, definition: hash, origin } => {
                match self.shared.metadata.by_hash(&hash) {
                    Some(definition) => self.create(child, definition, *origin, from, now),
                    None => self.read_definition(number, child, hash),
                }
            }
            Internal::EndChild { child, reason } => {
                self.command(child, Pending::new(Command::EndWithParent { reason }, from), now);
            }
            Internal::ChildEnded(end) => {
                let parent = end.parent.run();
                self.command(parent, Pending::new(Command::ChildEnded(end), from), now);
            }
            Internal::StartRun(start) => match self.shared.metadata.by_hash(&start.definition) {
                Some(definition) => self.start_asked_for(number, *start, definition, now),
                None => {
                    let asker = || start.asked_by.map(|asked| asked.task.run());
                    let run = start.run.or_else(asker);
                    let named =
                        run.unwrap_or_else(|| RunId::compose(now, ShardKey::wrapping(0), 0));
                    self.read_definition(number, named, start.definition);
                }
            },
            Internal::FinishTask(finish) => {
                self.command(finish.run(), Pending::new(Command::finish(&finish), from), now);
            }
            Internal::StartAnswered(answer) => {
                let run = answer.asked_by.task.run();
                self.command(run, Pending::new(Command::StartAnswered(answer), from), now);
            }
        }
    }

    /// The start of a child was decided in an earlier life of the process, or its definition has
    /// left memory: it is read from its row first.
    fn read_definition(&mut self, number: u64, child: RunId, hash: DefinitionHash) {
        let waiting = self.undefined.entry(hash).or_default();
        waiting.push(number);
        if waiting.len() == 1 {
            self.outputs.push_back(Output::Load(LoadRequest::Definition(child, hash)));
        }
    }

    fn definition_read(
        &mut self,
        hash: DefinitionHash,
        found: Option<&Arc<Workflow>>,
        now: Timestamp,
    ) {
        for number in self.undefined.remove(&hash).unwrap_or_default() {
            let (child, origin) = match self.relay.get(number).cloned() {
                Some(Internal::StartChild { child, origin, .. }) => (child, origin),
                Some(Internal::StartRun(start)) => {
                    self.definition_of_start_read(number, *start, found, now);
                    continue;
                }
                _ => continue,
            };
            match found {
                Some(definition) => {
                    let from = From::Outbox(number);
                    self.create(child, definition.clone(), *origin, from, now);
                }
                None => self.child_without_definition(number, child, &origin, now),
            }
        }
    }

    fn definition_of_start_read(
        &mut self,
        number: u64,
        start: StartCommand,
        found: Option<&Arc<Workflow>>,
        now: Timestamp,
    ) {
        match found {
            Some(definition) => self.start_asked_for(number, start, definition.clone(), now),
            None => {
                let name = &start.name;
                self.start_refused(number, format!("the definition of {name} cannot be read"));
            }
        }
    }

    /// The definition's row is gone or does not compile: the parent hears that the child failed,
    /// and only then is the start done with.
    fn child_without_definition(
        &mut self,
        number: u64,
        child: RunId,
        origin: &Origin,
        now: Timestamp,
    ) {
        let Some((parent, _)) = origin.parent else {
            self.consume_relayed(number);
            return;
        };
        let end = fermata_decider::effect::ChildEnd {
            child,
            parent,
            status: TaskStatus::Failed,
            output: fermata_types::Payload::empty_object(),
            reason: Some("the definition of the sub-workflow cannot be read".to_owned()),
        };
        let command = Command::ChildEnded(Box::new(end));
        self.command(parent.run(), Pending::new(command, From::Outbox(number)), now);
    }

    /// What was read has come.
    pub fn handle_loaded(&mut self, loaded: Loaded, now: Timestamp) {
        match loaded {
            Loaded::Run(run, found) => self.run_loaded(run, found, now),
            Loaded::Payload(run, stored, payload) => {
                if let Some(entry) = self.runs.get_mut(&run) {
                    entry.asked.payloads.remove(&stored);
                    entry.payloads.insert(stored, payload.clone());
                    self.shared.payloads.put((run, stored), payload);
                    self.go_on(run, now);
                }
            }
            Loaded::LogLines(task, number) => {
                if let Some(entry) = self.runs.get_mut(&task.run()) {
                    entry.asked.log_lines.remove(&task.number());
                    entry.log_lines.entry(task.number()).or_insert(number);
                    self.go_on(task.run(), now);
                }
            }
            Loaded::Messages(run, messages) => {
                if let Some(entry) = self.runs.get_mut(&run) {
                    entry.asked.messages = false;
                    let named = messages.into_iter().map(|message| (message.offset, message));
                    entry.messages.extend(named);
                    self.go_on(run, now);
                }
            }
            Loaded::Dedup(key, found) => {
                // A start may have been staged while the row was being read.
                let found = match self.overlay.get(&RowKey::Dedup(key.clone())) {
                    Some(Some(Row::Dedup(row))) => Some((row.run, row.created)),
                    _ => found,
                };
                self.key_read(&key, found, now);
            }
            Loaded::Keys(run, found) => self.keys_read(run, found, now),
            Loaded::Retirement(row, found) => self.retirement_read(*row, found, now),
            Loaded::Deadlines(after, rows, more) => self.wheel.read(after, rows, more),
            Loaded::Definition(hash, found) => self.definition_read(hash, found.as_ref(), now),
            Loaded::Outbox(found) => self.outbox_read(found),
            Loaded::Failed(LoadRequest::Deadlines(..)) => self.wheel.not_read(now),
            Loaded::Failed(request) => self.load_failed(request, now),
        }
        self.run_internal(now);
    }

    /// A script has ended. A result nobody waits for any more is dropped.
    pub fn handle_evaluated(
        &mut self,
        run: RunId,
        key: fermata_decider::needs::EvaluationKey,
        result: fermata_decider::needs::Evaluated,
        now: Timestamp,
    ) {
        if let Some(entry) = self.runs.get_mut(&run)
            && entry.asked.evaluations.remove(&key)
        {
            entry.results.insert(key, result);
            self.go_on(run, now);
        }
        self.run_internal(now);
    }

    /// Decides what was parked again, then advances.
    fn go_on(&mut self, run: RunId, now: Timestamp) {
        let Some(entry) = self.runs.get_mut(&run) else { return };
        let mut again = std::mem::take(&mut entry.parked);
        if again.is_empty() {
            again.push(Pending::new(Command::Continue, From::Nobody));
        }
        for pending in again {
            self.command(run, pending, now);
        }
    }

    fn run_loaded(&mut self, run: RunId, found: Option<Box<LoadedRun>>, now: Timestamp) {
        crate::metrics::count(&self.shared.metrics.loads);
        let waiting = self.loading.remove(&run).unwrap_or_default();
        let reads = self.reads.remove(&run).unwrap_or_default();
        match found {
            Some(loaded) if !self.runs.contains_key(&run) && !self.deleted.contains_key(&run) => {
                let mut entry = Entry::new(loaded.run, loaded.armed);
                entry.is_new = false;
                entry.snapshot = Progress::loaded(loaded.written, loaded.is_unreadable);
                entry.used = self.tick;
                if self.has(Mutant::CounterResetOnLoad) {
                    let ended = |task: &fermata_decider::run::Task| task.status.is_terminal();
                    entry.run.tasks.forget_latest_if(ended);
                }
                let hash = entry.run.definition.hash;
                self.resolved.insert(hash);
                self.runs.insert(run, entry);
            }
            Some(_) => {}
            None => {
                for pending in &waiting {
                    self.refuse_absent(run, pending);
                }
                for read in reads {
                    self.read_absent(read, run, now);
                }
                return;
            }
        }
        for pending in waiting {
            self.command(run, pending, now);
        }
        for read in reads {
            self.read(run, read, now);
        }
    }

    /// Answers a read of a run that is not there, or is being deleted.
    pub(super) fn read_absent(&mut self, read: Read, run: RunId, now: Timestamp) {
        let barrier = self.newest();
        match read {
            Read::Snapshot(token) | Read::Watch(token, _) => {
                self.answer(barrier, token, Answer::NotFound);
            }
            Read::Look => {}
            Read::KeyHolder(key, since) => self.start_waiting(&key, Some((run, since)), now),
        }
    }

    fn load_failed(&mut self, request: LoadRequest, now: Timestamp) {
        let mut tokens = Vec::new();
        match request {
            LoadRequest::Run(run) => {
                let waiting = self.loading.remove(&run).unwrap_or_default();
                for pending in &waiting {
                    self.not_leased(pending);
                    if let (Command::DeadlineReached { epoch }, Some(due)) =
                        (&pending.command, pending.met)
                    {
                        self.wheel.not_met((due, run), *epoch, now);
                    }
                }
                tokens.extend(waiting.iter().filter_map(|pending| pending.from.token()));
                for read in self.reads.remove(&run).unwrap_or_default() {
                    match read {
                        Read::Snapshot(token) | Read::Watch(token, _) => tokens.push(token),
                        Read::Look => {}
                        Read::KeyHolder(key, _) => {
                            let starts = self.starts.remove(&key).unwrap_or_default();
                            tokens.extend(starts.iter().filter_map(|(from, _)| from.token()));
                        }
                    }
                }
            }
            LoadRequest::Payload(run, _) | LoadRequest::Messages(run, ..) => {
                tokens.extend(self.parked_tokens(run));
            }
            LoadRequest::LogLines(task) => {
                if let Some(entry) = self.runs.get_mut(&task.run()) {
                    entry.asked.log_lines.remove(&task.number());
                }
                tokens.extend(self.parked_tokens(task.run()));
            }
            LoadRequest::Dedup(key) => {
                let starts = self.starts.remove(&key).unwrap_or_default();
                tokens.extend(starts.iter().filter_map(|(from, _)| from.token()));
            }
            // The commands keep their rows: whoever starts next asks again.
            LoadRequest::Definition(_, hash) => drop(self.undefined.remove(&hash)),
            // So do those that are sent: they are read when there is something to send again.
            LoadRequest::Outbox(after, _) => {
                let nothing = LoadedOutbox { target: after.target, rows: Vec::new() };
                self.outbox_read(nothing);
            }
            LoadRequest::Deadlines(..) => {}
            LoadRequest::Keys(run) => tokens.extend(self.deleting.remove(&run).unwrap_or_default()),
            LoadRequest::Retirement(row) => tokens.extend(self.retiring.remove(&row.key)),
        }
        for token in tokens {
            self.outputs.push_back(Output::Answer(token, Answer::Failed(Failure::Unreadable)));
        }
    }

    /// Takes the commands that wait for something of a run; whom to tell that it cannot be read.
    fn parked_tokens(&mut self, run: RunId) -> Vec<Token> {
        let Some(entry) = self.runs.get_mut(&run) else { return Vec::new() };
        let parked = std::mem::take(&mut entry.parked);
        let tokens = parked.iter().filter_map(|pending| pending.from.token()).collect();
        parked.iter().for_each(|pending| self.not_leased(pending));
        tokens
    }

    /// Changes registered definitions; the snapshot is swapped before the answer.
    pub(super) fn define(
        &mut self,
        token: Token,
        puts: Vec<DefinitionRow>,
        deletes: Vec<DefinitionKey>,
    ) {
        for row in &puts {
            self.stage(Write::Put(Row::Definition(row.clone())));
        }
        for key in &deletes {
            self.stage(Write::Delete(RowKey::Definition(key.clone())));
        }
        let barrier = self.building;
        self.hold(barrier, Held::Output(Output::Defined(puts, deletes)));
        self.answer(barrier, token, Answer::Done);
    }
}
