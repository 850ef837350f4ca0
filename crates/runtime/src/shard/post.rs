//! Commands between runs of different trees: sent through the outbox, taken in exactly once
//! (design 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_decider::definition::Workflow;
use fermata_decider::effect::{StartAnswer, StartRun};
use fermata_decider::event::Origin;
use fermata_storage::{OutboxKey, ReceivedKey, ReceivedRow, Row, RowKey, Write};
use fermata_types::{RunId, ShardId, Timestamp};

use crate::mutant::Mutant;
use crate::shard::load::LoadedOutbox;
use crate::shard::machine::{Held, LoadRequest, Machine, Output};
use crate::shard::outbox::{Parcel, Post};
use crate::shard::relay::{From, Internal, StartCommand};
use crate::shard::request::Start;

/// How far this shard has taken in what each other one sends.
#[derive(Debug, Default)]
pub struct Received {
    last: BTreeMap<ShardId, u64>,
    /// Whom to confirm what, once the batch being built is durable.
    confirming: BTreeMap<ShardId, u64>,
    /// Whose commands were taken in by batches that were refused.
    lost: Vec<ShardId>,
}

impl Received {
    /// After a refusal: only what is durable counts, and whoever sent has to send again.
    #[must_use]
    pub fn begin_anew(&self) -> Self {
        let lost = self.last.keys().copied().collect();
        Self { lost, ..Self::default() }
    }
}

impl Machine {
    /// Sends a command to whichever shard its run belongs to.
    pub(super) fn dispatch(&mut self, command: Internal) {
        let target = self.shared.map.shard(command.shard_key());
        if target == self.shard {
            self.send(command);
            return;
        }
        let row = self.outbox.add(target, command);
        let number = row.key.number;
        if !self.has(Mutant::OutboxRowLost) {
            self.stage(Write::Put(Row::Outbox(row)));
        }
        self.hold(self.building, Held::Post(target, number));
    }

    /// Asks for a run that is no part of the tree of the run that wants it.
    pub(super) fn start_elsewhere(&mut self, start: StartRun) {
        self.keep_definition(&start.definition);
        self.dispatch(Internal::StartRun(Box::new(StartCommand {
            run: start.run,
            name: start.definition.key.name.clone(),
            definition: start.definition.hash,
            origin: start.origin,
            idempotency: start.idempotency,
            asked_by: start.asked_by,
        })));
    }

    /// A command's row is durable: it leaves.
    pub(super) fn post(&mut self, target: ShardId, number: u64) {
        let parcels = self.outbox.durable(target, number);
        self.hand_over(target, parcels);
        self.read_outbox(target);
    }

    fn hand_over(&mut self, target: ShardId, parcels: Vec<Parcel>) {
        for mut parcel in parcels {
            if let Internal::StartRun(start) = &parcel.command {
                parcel.definition = self.shared.metadata.by_hash(&start.definition);
            }
            self.outputs.push_back(Output::Post(target, Post::Parcel(Box::new(parcel))));
        }
    }

    fn read_outbox(&mut self, target: ShardId) {
        if let Some((after, count)) = self.outbox.wants(target) {
            let source = self.shard;
            let after = OutboxKey { source, target, number: after };
            self.outputs.push_back(Output::Load(LoadRequest::Outbox(after, count)));
        }
    }

    /// Rows of the outbox have been read.
    pub(super) fn outbox_read(&mut self, found: LoadedOutbox) {
        let parcels = self.outbox.read(found.target, found.rows);
        self.hand_over(found.target, parcels);
    }

    /// A row of the outbox found at start, in order.
    pub fn recover_sent(&mut self, key: OutboxKey, bytes: usize, command: Internal) {
        if !self.outbox.recover(key, bytes, command) {
            self.stage(Write::Delete(RowKey::Outbox(key)));
        }
    }

    /// How far the shard has taken in what another one sends, found at start.
    pub fn recover_received(&mut self, source: ShardId, last: u64) {
        self.received.last.insert(source, last);
    }

    /// Recovery is complete: what was not confirmed is posted, what was lost is asked for again.
    pub fn resume_posts(&mut self) {
        for (target, parcels) in self.outbox.recovered() {
            self.hand_over(target, parcels);
            self.read_outbox(target);
        }
        for source in std::mem::take(&mut self.received.lost) {
            self.ask_again(source);
        }
    }

    fn ask_again(&mut self, source: ShardId) {
        let after = self.received.last.get(&source).copied().unwrap_or(0);
        let by = self.shard;
        self.outputs.push_back(Output::Post(source, Post::Again { by, after }));
    }

    /// Takes what another shard posts.
    pub fn handle_post(&mut self, post: Post, now: Timestamp) {
        self.tick += 1;
        match post {
            Post::Parcel(parcel) => self.take_in(*parcel),
            Post::Received { by, through } => {
                self.delete_sent(by, through);
                self.read_outbox(by);
            }
            Post::Again { by, after } => {
                self.delete_sent(by, after);
                let parcels = self.outbox.again(by, after);
                self.hand_over(by, parcels);
                self.read_outbox(by);
            }
        }
        self.run_internal(now);
    }

    fn delete_sent(&mut self, target: ShardId, through: u64) {
        let source = self.shard;
        for number in self.outbox.confirmed(target, through) {
            let key = OutboxKey { source, target, number };
            self.stage(Write::Delete(RowKey::Outbox(key)));
        }
    }

    /// Takes a command over, exactly once: from here on it is a command of this shard, and its
    /// number is written in the batch of what it does.
    fn take_in(&mut self, parcel: Parcel) {
        let Parcel { source, number, after, command, definition } = parcel;
        let last = self.received.last.get(&source).copied().unwrap_or(0);
        if number <= last && !self.has(Mutant::NoOutboxDedup) {
            // It came before; its sender may not have heard so.
            let seen = Post::Received { by: self.shard, through: last };
            let barrier = self.newest();
            self.hold(barrier, Held::Output(Output::Post(source, seen)));
            return;
        }
        if after > last {
            self.received.last.entry(source).or_insert(last);
            self.ask_again(source);
            return;
        }
        let last = last.max(number);
        self.received.last.insert(source, last);
        self.received.confirming.insert(source, last);
        let key = ReceivedKey { target: self.shard, source };
        let row = Write::Put(Row::Received(ReceivedRow { key, last }));
        self.stage_or_postpone(row, Mutant::ReceivedOutsideBatch);
        if let Some(definition) = definition {
            self.keep_definition(&definition);
        }
        self.send(command);
    }

    /// The batch being built is about to be closed: once it is durable, senders hear of it.
    pub(super) fn confirm_received(&mut self) {
        let by = self.shard;
        for (source, through) in std::mem::take(&mut self.received.confirming) {
            let told = Post::Received { by, through };
            self.hold(self.building, Held::Output(Output::Post(source, told)));
        }
    }

    /// Carries out a start that a run of another tree asked for.
    pub(super) fn start_asked_for(
        &mut self,
        number: u64,
        start: StartCommand,
        definition: Arc<Workflow>,
        now: Timestamp,
    ) {
        let from = From::Outbox(number);
        let Some(run) = start.run else {
            let shard_key = Internal::StartRun(Box::new(start.clone())).shard_key();
            let StartCommand { origin, idempotency, .. } = start;
            self.start(from, Box::new(Start { definition, origin, shard_key, idempotency }), now);
            return;
        };
        if self.runs.contains_key(&run) {
            tracing::error!(%run, "a run that was asked for is there already");
            self.start_refused(number, "the run is there already".to_owned());
            return;
        }
        self.tell_asker(number, Ok(run));
        self.create(run, definition, Origin { at: now, ..start.origin }, from, now);
    }

    /// A start that was asked for is not made.
    pub(super) fn start_refused(&mut self, number: u64, reason: String) {
        self.tell_asker(number, Err(reason));
        self.consume_relayed(number);
    }

    /// Tells whoever asked for a start what came of it.
    pub(super) fn tell_asker(&mut self, number: u64, outcome: Result<RunId, String>) {
        let asked_by = match self.relay.get(number) {
            Some(Internal::StartRun(start)) => start.asked_by,
            _ => None,
        };
        if let Some(asked_by) = asked_by {
            let answer = StartAnswer { asked_by, outcome };
            self.dispatch(Internal::StartAnswered(Box::new(answer)));
        }
    }
}
