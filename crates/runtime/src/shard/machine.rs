//! The shard machine: commands in, rows and answers out. No I/O, no clock, no runtime: time comes
//! with each call, and whatever has to be read or evaluated is asked for by an [`Output`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fermata_decider::Command;
use fermata_decider::definition::DefinitionHash;
use fermata_decider::needs::EvaluationRequest;
use fermata_decider::run::Stored;
use fermata_storage::{
    Batch, DedupKey, DefinitionKey, DefinitionRow, EndedKey, EndedRow, OutboxKey, QueueKey, Write,
};
use fermata_types::{
    BatchNumber, MessageOffset, PayloadLimits, RunEpoch, RunId, ShardEpoch, ShardId, TaskId,
    Timestamp,
};

use crate::ids::{Mint, Salt};
use crate::metadata::Metadata;
use crate::metrics::Metrics;
use crate::mutant::{Mutant, Mutation};
use crate::payloads::PayloadCache;
use crate::queues::permits::Permits;
use crate::queues::polls::PollBook;
use crate::shard::entry::Entry;
use crate::shard::map::ShardMap;
use crate::shard::outbox::{Outbox, Post};
use crate::shard::overlay::Overlay;
use crate::shard::post::Received;
use crate::shard::relay::{From, Pending, Relay};
use crate::shard::request::{Answer, Failure, Request, Start, Token, Wait};
use crate::shard::snapshot;
use crate::shard::watch::Watch;
use crate::shard::wheel::{Due, Wheel};
use crate::space::Space;

/// Commands between runs taken before one from outside (design 3).
pub const INTERNAL_BEFORE_OUTSIDE: usize = 64;
/// Runs a shard keeps in memory; idle ones beyond it are forgotten.
pub const CACHED_RUNS: usize = 64;

/// What all shards of a process share.
pub struct Shared {
    /// Payload bytes.
    pub payloads: PayloadCache,
    /// Registered definitions.
    pub metadata: Arc<Metadata>,
    /// Which shard serves a key.
    pub map: ShardMap,
    /// Randomness of ids.
    pub salt: Arc<dyn Salt>,
    /// Who polled what, and when.
    pub polls: PollBook,
    /// Tasks in workers' hands whose type has limits.
    pub permits: Arc<Permits>,
    /// Names allowed as `${workflow.env.NAME}`.
    pub environment: BTreeMap<String, String>,
    /// How large payloads may be.
    pub payload_limits: PayloadLimits,
    /// Whether the store has space.
    pub space: Space,
    /// Counters.
    pub metrics: Metrics,
    /// The deliberate bug of a simulated process.
    pub mutation: Mutation,
}

/// How a machine begins.
#[derive(Debug, Clone, Copy)]
pub struct MachineConfig {
    /// The shard.
    pub shard: ShardId,
    /// The epoch under which it is owned.
    pub epoch: ShardEpoch,
    /// Runs kept in memory.
    pub cached_runs: usize,
    /// Deadlines kept in memory.
    pub deadlines: usize,
    /// Events after which a run is written down again, unless it is large.
    pub snapshot_events: u64,
}

/// A batch ready to be committed.
#[derive(Debug)]
pub struct StagedBatch {
    /// Its number; commits are reported in this order.
    pub number: BatchNumber,
    /// Its rows.
    pub batch: Batch,
}

/// Something the driver has to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadRequest {
    /// A run with all it needs to go on.
    Run(RunId),
    /// One payload of a run.
    Payload(RunId, Stored),
    /// Pending messages after an offset.
    Messages(RunId, MessageOffset, u32),
    /// The run of an idempotency key.
    Dedup(DedupKey),
    /// The number of the last log line of a task.
    LogLines(TaskId),
    /// All keys of a run's rows, to delete them.
    Keys(RunId),
    /// Whether what has ended may be removed, and all keys of its rows.
    Retirement(Box<EndedRow>),
    /// The resolved definition of a child whose start outlived the process that decided it.
    Definition(RunId, DefinitionHash),
    /// So many commands of the shard's outbox for one target, after a number.
    Outbox(OutboxKey, usize),
    /// The shard's deadlines behind a place, at most that many.
    Deadlines(Due, usize),
}

/// What the driver has to do.
#[derive(Debug)]
pub enum Output {
    /// Answer a request.
    Answer(Token, Answer),
    /// Read something and call [`Machine::handle_loaded`].
    Load(LoadRequest),
    /// Run a script and call [`Machine::handle_evaluated`].
    Evaluate(RunId, EvaluationRequest),
    /// Encode a snapshot, off the shard's turn, and call [`Machine::handle_snapshot`].
    Snapshot(Box<snapshot::Job>),
    /// A queue row is durable: tell the hub.
    Enqueued(QueueKey, RunEpoch),
    /// A task left its queue other than by a lease: tell the hub.
    Dequeued(QueueKey),
    /// A task of a limited type has left its worker's hands, durably: tell the hub.
    Freed(TaskId),
    /// A task was not leased after all: tell the hub.
    Unleased(TaskId),
    /// Definitions are durable: swap the snapshot before the answer that follows.
    Defined(Vec<DefinitionRow>, Vec<DefinitionKey>),
    /// Bring something to another shard; a parcel without the definition it needs gets it first
    /// ([`crate::shard::load::complete`]).
    Post(ShardId, Post),
}

/// Something to be done once a batch is durable.
#[derive(Debug)]
pub(super) enum Held {
    Output(Output),
    Arm(Due, RunEpoch),
    Disarm(Due),
    Post(ShardId, u64),
    /// What is left of a run's snapshot may be staged.
    Snapshot(RunId),
}

/// The state of one shard.
pub struct Machine {
    pub(super) shard: ShardId,
    pub(super) epoch: ShardEpoch,
    pub(super) shared: Arc<Shared>,
    pub(super) runs: BTreeMap<RunId, Entry>,
    pub(super) loading: BTreeMap<RunId, Vec<Pending>>,
    pub(super) starts: BTreeMap<DedupKey, Vec<(From, Box<Start>)>>,
    /// Runs whose deletion is staged but not durable.
    pub(super) deleted: BTreeMap<RunId, BatchNumber>,
    pub(super) reads: BTreeMap<RunId, Vec<Read>>,
    pub(super) deleting: BTreeMap<RunId, Vec<Token>>,
    pub(super) retiring: BTreeMap<EndedKey, Token>,
    /// Starts of children that wait for their definition, by number of the command.
    pub(super) undefined: BTreeMap<DefinitionHash, Vec<u64>>,
    pub(super) internal: VecDeque<InternalItem>,
    pub(super) relay: Relay,
    pub(super) outbox: Outbox,
    pub(super) received: Received,
    pub(super) overlay: Overlay,
    pub(super) staged: Vec<Write>,
    /// What a mutant writes too late; always empty in a real process.
    pub(super) postponed: Vec<Write>,
    pub(super) building: BatchNumber,
    pub(super) durable: BatchNumber,
    pub(super) held: BTreeMap<BatchNumber, Vec<Held>>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) mint: RefCell<Mint>,
    /// Mints ids of runs of other trees.
    pub(super) mint_elsewhere: RefCell<Mint>,
    pub(super) wheel: Wheel,
    /// Moments at which an answer that waits for a quiet run is given at the latest.
    pub(super) late: BTreeSet<(Timestamp, RunId)>,
    pub(super) watches: BTreeMap<RunId, Vec<Watch>>,
    /// Resolved definitions whose row this shard has staged or found.
    pub(super) resolved: BTreeSet<DefinitionHash>,
    pub(super) cached_runs: usize,
    pub(super) deadlines: usize,
    pub(super) snapshot_events: u64,
    /// Snapshots asked for so far, also before the machine began anew.
    pub(super) tickets: u64,
    pub(super) tick: u64,
    /// Storage is full.
    is_full: bool,
}

/// A read or a watch that waits for its run to be loaded.
#[derive(Debug, Clone)]
pub(super) enum Read {
    Snapshot(Token),
    Watch(Token, Vec<String>),
    /// A child of a watched run: look at its watches again.
    Look,
    /// A start that has to know whether the run of its key is still open.
    KeyHolder(DedupKey, Timestamp),
}

/// The head of the mailbox: what the shard asks of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InternalItem {
    /// A command of the relay.
    Relayed(u64),
    /// A run whose turn was full.
    Continue(RunId),
}

impl Machine {
    /// A machine without anything in memory. Its rows come in by `recover_*`.
    #[must_use]
    pub fn new(config: MachineConfig, shared: Arc<Shared>) -> Self {
        Self {
            shard: config.shard,
            epoch: config.epoch,
            shared,
            runs: BTreeMap::new(),
            loading: BTreeMap::new(),
            starts: BTreeMap::new(),
            deleted: BTreeMap::new(),
            reads: BTreeMap::new(),
            deleting: BTreeMap::new(),
            retiring: BTreeMap::new(),
            undefined: BTreeMap::new(),
            internal: VecDeque::new(),
            relay: Relay::default(),
            outbox: Outbox::new(config.shard, config.epoch),
            received: Received::default(),
            overlay: Overlay::default(),
            staged: Vec::new(),
            postponed: Vec::new(),
            building: BatchNumber(1),
            durable: BatchNumber(0),
            held: BTreeMap::new(),
            outputs: VecDeque::new(),
            mint: RefCell::new(Mint::default()),
            mint_elsewhere: RefCell::new(Mint::elsewhere()),
            wheel: Wheel::new(config.deadlines),
            late: BTreeSet::new(),
            watches: BTreeMap::new(),
            resolved: BTreeSet::new(),
            cached_runs: config.cached_runs,
            deadlines: config.deadlines,
            snapshot_events: config.snapshot_events,
            tickets: 0,
            tick: 0,
            is_full: false,
        }
    }

    /// How many deadlines to read at start.
    #[must_use]
    pub const fn deadline_bound(&self) -> usize {
        self.deadlines
    }

    /// The first deadline rows, found at start, and whether there are more.
    pub fn recover_deadlines(&mut self, rows: Vec<(Due, RunEpoch)>, more: bool) {
        self.wheel.recover(rows, more);
    }

    /// A row of the outbox found at start, in order.
    pub fn recover_command(&mut self, number: u64, command: super::relay::Internal) {
        self.relay.recover(number, command);
        self.internal.push_back(InternalItem::Relayed(number));
    }

    /// Takes a request. Its answer comes as an output, sooner or later, exactly once.
    pub fn handle_request(&mut self, token: Token, request: Request, now: Timestamp) {
        self.tick += 1;
        match request {
            Request::Start(start) => self.start(From::Token(token, Wait::Quiet), start, now),
            Request::Run { run, command, wait } => {
                self.command(run, Pending::new(command, From::Token(token, wait)), now);
            }
            Request::Lease { key, epoch, worker } => {
                let (run, task) = (key.ready.age.run(), key.ready.age.number());
                let command = Command::Lease { task, epoch, worker };
                let mut pending = Pending::new(command, From::Token(token, Wait::Durable));
                pending.row = Some(key);
                self.command(run, pending, now);
            }
            Request::Signal { run, update } => {
                let command = Command::UpdateByReference(Box::new(update));
                let mut pending = Pending::new(command, From::Token(token, Wait::Quiet));
                pending.signal = Some((run, Vec::new()));
                self.command(run, pending, now);
            }
            Request::Read(run) => self.read(run, Read::Snapshot(token), now),
            Request::Watch { run, references } => {
                self.read(run, Read::Watch(token, references), now);
            }
            Request::Unwatch { run, watch } => {
                self.unwatch(run, watch);
                self.outputs.push_back(Output::Answer(token, Answer::Done));
            }
            Request::Delete(run) => self.delete(token, run),
            Request::Retire(row) => self.retire(token, *row),
            Request::Define { puts, deletes } => self.define(token, puts, deletes),
        }
        self.run_internal(now);
    }

    /// Fires the deadlines that are due; call when [`Machine::poll_deadline`] has passed.
    pub fn handle_deadline(&mut self, now: Timestamp) {
        for ((due, run), epoch) in self.wheel.expire(now, INTERNAL_BEFORE_OUTSIDE) {
            let command = Command::DeadlineReached { epoch };
            let pending = Pending { met: Some(due), ..Pending::new(command, From::Nobody) };
            self.command(run, pending, now);
        }
        self.answer_late_waiters(now);
        self.run_internal(now);
    }

    /// The next moment at which [`Machine::handle_deadline`] has something to do.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        let late = self.late.first().map(|(until, _)| *until);
        self.wheel.first().into_iter().chain(late).min()
    }

    /// The next moment at which an answer is given though its run is not quiet.
    #[must_use]
    pub fn poll_late(&self) -> Option<Timestamp> {
        self.late.first().map(|(until, _)| *until)
    }

    /// Gives the answers that are due; deadlines are left alone.
    pub fn handle_late(&mut self, now: Timestamp) {
        self.answer_late_waiters(now);
    }

    /// Whether the shard goes on by itself with nothing but the ends of children, because storage
    /// is full.
    pub const fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// What the driver has to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.ask_for_deadlines();
        }
        self.outputs.pop_front()
    }

    /// Goes on with what the shard asks of itself, up to the limit. A run that goes on ends the
    /// round: its turn may be as long as turns get, and others have waited for it.
    pub fn run_internal(&mut self, now: Timestamp) {
        if self.is_full {
            self.end_children(now);
            return;
        }
        for _ in 0..INTERNAL_BEFORE_OUTSIDE {
            match self.internal.pop_front() {
                Some(InternalItem::Relayed(number)) => self.relayed(number, now),
                Some(InternalItem::Continue(run)) => {
                    if let Some(entry) = self.runs.get_mut(&run) {
                        entry.continues = false;
                        let pending = Pending::new(Command::Continue, From::Nobody);
                        self.command(run, pending, now);
                        break;
                    }
                }
                None => break,
            }
        }
    }

    /// Ends the children of runs that have ended; all else keeps its place.
    fn end_children(&mut self, now: Timestamp) {
        let is_end = |relay: &Relay, item: &InternalItem| match item {
            InternalItem::Relayed(number) => {
                matches!(relay.get(*number), Some(super::relay::Internal::EndChild { .. }))
            }
            InternalItem::Continue(_) => false,
        };
        let waiting = std::mem::take(&mut self.internal);
        let (ends, others): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|item| is_end(&self.relay, item));
        self.internal = others;
        for item in ends {
            if let InternalItem::Relayed(number) = item {
                self.relayed(number, now);
            }
        }
    }

    /// Whether the shard still has something to ask of itself.
    #[must_use]
    pub fn has_internal_work(&self) -> bool {
        !self.internal.is_empty()
    }

    /// Closes the batch that is being built, if anything is in it.
    pub fn take_batch(&mut self) -> Option<StagedBatch> {
        for write in self.relay.unwritten(self.shard) {
            if !(self.has(Mutant::ChildEndNotRedelivered) && is_end_of_child(&write)) {
                self.stage(write);
            }
        }
        if self.staged.is_empty() {
            return None;
        }
        self.confirm_received();
        let number = self.building;
        self.building = number.next();
        let writes = std::mem::take(&mut self.staged);
        let batch = Batch { shard: self.shard, epoch: self.epoch, writes };
        for write in std::mem::take(&mut self.postponed) {
            self.stage(write);
        }
        Some(StagedBatch { number, batch })
    }

    /// Whether this simulated process has a deliberate bug.
    pub(super) fn has(&self, mutant: Mutant) -> bool {
        self.shared.mutation.is(mutant)
    }

    /// Stages a write; a mutant does so in the next batch.
    pub(super) fn stage_or_postpone(&mut self, write: Write, mutant: Mutant) {
        if self.has(mutant) {
            self.postponed.push(write);
        } else {
            self.stage(write);
        }
    }

    /// Batches up to this one are durable: answers and bells that waited for them go out, in
    /// order.
    pub fn handle_committed(&mut self, number: BatchNumber) {
        self.durable = self.durable.max(number);
        self.overlay.durable(number);
        self.deleted.retain(|_, batch| *batch > number);
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > number {
                break;
            }
            for held in entry.remove() {
                self.release(held);
            }
        }
        self.forget_idle_runs();
    }

    /// A batch was refused and nothing of it happened: drops all states, fails what waits. Rows
    /// have to be recovered anew by the driver.
    pub fn handle_refused(&mut self, failure: Failure) {
        self.forget_leases();
        let mut tokens: Vec<Token> = Vec::new();
        for entry in self.runs.values_mut() {
            // What is durable has happened, although its run had not come to rest.
            for waiter in std::mem::take(&mut entry.quiet_waiters) {
                if waiter.decided <= self.durable {
                    self.outputs.push_back(Output::Answer(waiter.token, waiter.answer));
                } else {
                    tokens.push(waiter.token);
                }
            }
        }
        for (_, held) in std::mem::take(&mut self.held) {
            tokens.extend(held.into_iter().filter_map(|held| match held {
                Held::Output(Output::Answer(token, _)) => Some(token),
                _ => None,
            }));
        }
        for entry in self.runs.values() {
            tokens.extend(entry.parked.iter().filter_map(token_of));
        }
        tokens.extend(self.loading.values().flatten().filter_map(token_of));
        tokens.extend(self.starts.values().flatten().filter_map(|(from, _)| from.token()));
        tokens.extend(self.watches.values().flatten().map(|watch| watch.token));
        tokens.extend(self.deleting.values().flatten().copied());
        tokens.extend(self.retiring.values().copied());
        tokens.extend(self.reads.values().flatten().filter_map(|read| match read {
            Read::Snapshot(token) | Read::Watch(token, _) => Some(*token),
            _ => None,
        }));
        let config = MachineConfig {
            shard: self.shard,
            epoch: self.epoch,
            cached_runs: self.cached_runs,
            deadlines: self.deadlines,
            snapshot_events: self.snapshot_events,
        };
        let outputs = std::mem::take(&mut self.outputs);
        let (building, tickets) = (self.building, self.tickets);
        self.outbox.begin_anew();
        let epoch = self.epoch;
        let outbox = std::mem::replace(&mut self.outbox, Outbox::new(self.shard, epoch));
        let received = self.received.begin_anew();
        *self = Self::new(config, self.shared.clone());
        (self.building, self.tickets) = (building, tickets);
        self.outbox = outbox;
        self.received = received;
        self.durable = BatchNumber(building.0.saturating_sub(1));
        self.outputs = outputs;
        for token in tokens {
            self.outputs.push_back(Output::Answer(token, Answer::Failed(failure)));
        }
    }

    /// A copy of what the simulation checks: every run in memory.
    pub fn runs_in_memory(&self) -> impl Iterator<Item = &fermata_decider::Run> {
        self.runs.values().map(|entry| &entry.run)
    }

    /// Whether a run has work under way that memory alone knows of: scripts, loads, its turn.
    #[must_use]
    pub fn is_working_on(&self, run: RunId) -> bool {
        self.runs.get(&run).is_some_and(|entry| !entry.asked.is_empty() || entry.continues)
            || self.loading.contains_key(&run)
            || !self.relay.is_empty()
    }

    /// Whether the relay knows a command of the outbox, by number.
    #[must_use]
    pub fn has_command(&self, number: u64) -> bool {
        self.relay.get(number).is_some() || self.outbox.knows(number)
    }

    /// The last durable batch and the one being built.
    #[must_use]
    pub const fn batches(&self) -> (BatchNumber, BatchNumber) {
        (self.durable, self.building)
    }
}

/// For a mutant that loses such rows.
fn is_end_of_child(write: &Write) -> bool {
    let Write::Put(fermata_storage::Row::Outbox(row)) = write else { return false };
    matches!(super::relay::decode(row), Some(super::relay::Internal::ChildEnded(_)))
}

fn token_of(pending: &Pending) -> Option<Token> {
    pending.from.token()
}
