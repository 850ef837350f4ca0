//! What `runtime::shard::driver` does between awaits, one step at a time and in seeded order: moves
//! a machine's inputs and outputs, decides nothing.

use fermata_runtime::commit::Submission;
use fermata_runtime::evaluator::Evaluator as _;
use fermata_runtime::shard::load::{self, Loaded};
use fermata_runtime::shard::machine::{LoadRequest, Output};
use fermata_runtime::shard::request::{Answer, Request, Token};
use fermata_storage::QueueKey;
use fermata_types::{RunEpoch, ShardId};

use crate::invariants::{
    no_answer_from_undurable_state, refused_means_nothing, release_after_commit,
};
use crate::violation::{Checked, Violation, expect};
use crate::workload::op::{Told, What};
use crate::world::World;
use crate::world::asked::{self, Asked, Asker};
use crate::world::crash::chain;
use crate::world::network::Packet;

/// Outputs of one machine without a pause; more is a shard that never rests.
const OUTPUTS_MAX: usize = 20_000;

/// The id of a shard by its place.
pub(crate) fn shard_id(index: usize) -> ShardId {
    ShardId(u16::try_from(index).unwrap_or(u16::MAX))
}

impl World {
    /// A request arrives in a shard's mailbox.
    pub(crate) fn post(&mut self, shard: usize, asker: Asker, request: Request) {
        if let Some(shard) = self.process.shards.get_mut(shard) {
            shard.mailbox.push_back((asker, request));
        }
    }

    /// The machine takes the next request of its mailbox.
    pub(crate) fn take_request(&mut self, index: usize) -> Checked {
        let now = self.now;
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        let Some((asker, request)) = shard.mailbox.pop_front() else { return Ok(()) };
        shard.next_token += 1;
        let token = Token(shard.next_token);
        let run = asked::run_of(&request);
        let seen = asked::seen(&shard.machine, run);
        self.trace.note(self.step, || format!("shard {index} takes {token:?} {asker:?}"));
        shard.waiting.insert(token, Asked { asker, run, seen });
        shard.machine.handle_request(token, request, now);
        self.carry_out(index)?;
        if self.random.chance(self.config.prompt_batches) {
            self.submit(index);
        }
        Ok(())
    }

    /// Carries out what a machine has put out.
    pub(crate) fn carry_out(&mut self, index: usize) -> Checked {
        if let Some(shard) = self.process.shards.get_mut(index) {
            shard.is_dirty = true;
        }
        for _ in 0..OUTPUTS_MAX {
            let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
            let Some(output) = shard.machine.poll_output() else { return Ok(()) };
            match output {
                Output::Answer(token, answer) => self.answered(index, token, answer)?,
                Output::Load(request) => {
                    shard.loads.push_back(request);
                    if self.random.chance(self.config.prompt_loads) {
                        self.load(index)?;
                    }
                }
                Output::Evaluate(run, request) => shard.scripts.push((run, request)),
                Output::Snapshot(job) => shard.snapshots.push(*job),
                Output::Enqueued(key, epoch) => self.enqueued(key, epoch),
                Output::Dequeued(key) => self.process.hub.dequeue(&key),
                Output::Freed(task) => {
                    let served = self.process.hub.freed(task, self.now);
                    self.serve(served);
                }
                Output::Unleased(task) => {
                    let served = self.process.hub.unleased(task, self.now);
                    self.serve(served);
                }
                Output::Post(target, post) => self.posted(index, target, post),
                Output::Defined(puts, deletes) => {
                    let shared = self.process.shared.clone();
                    for name in shared.metadata.swap(puts, &deletes) {
                        shared.permits.set(&name, shared.metadata.limits(&name));
                        let served = self.process.hub.woken(&name, self.now);
                        self.serve(served);
                    }
                }
            }
        }
        Err(Violation {
            invariant: "every_request_is_answered",
            what: format!("shard {index} has put out {OUTPUTS_MAX} things and does not rest"),
        })
    }

    fn enqueued(&mut self, key: QueueKey, epoch: RunEpoch) {
        self.trace.note(self.step, || format!("ready {} in {}", key.ready.age, key.queue));
        let served = self.process.hub.enqueue(key, epoch, self.now);
        self.serve(served);
    }

    /// Reads the oldest thing the shard has asked for.
    pub(crate) fn load(&mut self, index: usize) -> Checked {
        let now = self.now;
        let process = &mut self.process;
        let Some(shard) = process.shards.get_mut(index) else { return Ok(()) };
        let Some(request) = shard.loads.pop_front() else { return Ok(()) };
        self.trace.note(self.step, || format!("shard {index} reads {}", short(&request)));
        let metadata = &process.shared.metadata;
        let loaded = load::perform(&*process.store, metadata, shard_id(index), request);
        if self.is_stopping && matches!(loaded, Loaded::Failed(_)) {
            // The disk has stopped: nothing that is read or not read matters any more.
            return self.crash(&[]);
        }
        if let Loaded::Failed(LoadRequest::Run(run)) = &loaded {
            let error = load::load_run(&*process.store, metadata, shard_id(index), *run).err();
            self.trace.note(self.step, || {
                format!("cannot read {run}: {:?}", error.map(|error| chain(&error)))
            });
        }
        shard.machine.handle_loaded(loaded, now);
        Ok(())
    }

    /// A script ends.
    pub(crate) fn evaluate(&mut self, index: usize) -> Checked {
        let (now, random) = (self.now, &mut self.random);
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        if shard.scripts.is_empty() {
            return Ok(());
        }
        let (run, request) = shard.scripts.swap_remove(random.below(shard.scripts.len()));
        let result = self.evaluator.evaluate(&request.script, now);
        self.trace.note(self.step, || format!("script of {run} gives {result:?}"));
        shard.machine.handle_evaluated(run, request.key, result, now);
        self.carry_out(index)
    }

    /// A snapshot is encoded; perhaps one of a run that has moved on, or of a shard that has been
    /// refused since.
    pub(crate) fn encode(&mut self, index: usize) -> Checked {
        let random = &mut self.random;
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        if shard.snapshots.is_empty() {
            return Ok(());
        }
        let job = shard.snapshots.swap_remove(random.below(shard.snapshots.len()));
        self.trace.note(self.step, || format!("snapshot of {}", job.run()));
        shard.machine.handle_snapshot(job.encode());
        self.carry_out(index)
    }

    /// Closes the batch that a machine is building and sends it to the committer.
    pub(crate) fn submit(&mut self, index: usize) {
        let Some(shard) = self.process.shards.get_mut(index) else { return };
        shard.is_dirty = false;
        if let Some(staged) = shard.machine.take_batch() {
            self.trace.note(self.step, || {
                let rows = staged.batch.writes.len();
                format!("shard {index} closes batch {} of {rows} rows", staged.number)
            });
            let submission = Submission::new(staged, shard.bell.clone());
            self.process.queue.push_back((index, submission));
        }
    }

    /// Deadlines are due.
    pub(crate) fn fire(&mut self, index: usize) -> Checked {
        let now = self.now;
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        self.trace.note(self.step, || format!("shard {index} fires at {now}"));
        shard.machine.handle_deadline(now);
        self.carry_out(index)
    }

    /// The shard goes on with what it asks of itself.
    pub(crate) fn internal(&mut self, index: usize) -> Checked {
        let now = self.now;
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        self.trace.note(self.step, || format!("shard {index} asks itself"));
        shard.machine.run_internal(now);
        self.carry_out(index)
    }

    /// An answer leaves the server: the one place where promises are made.
    fn answered(&mut self, index: usize, token: Token, answer: Answer) -> Checked {
        let shard = self.process.shards.get_mut(index);
        let asked = shard.and_then(|shard| shard.waiting.remove(&token));
        let Some(asked) = asked else {
            return expect(false, "every_request_is_answered", || {
                format!("shard {index} answers {token:?} a second time: {answer:?}")
            });
        };
        let told = Told::of(&answer);
        self.trace.note(self.step, || format!("shard {index} answers {token:?} {told:?}"));
        let what = match &asked.asker {
            Asker::Op(op) => self.ops.get(op).map(|op| op.what.clone()),
            _ => None,
        };
        if let Answer::Leased(leased) = answer {
            return self.leased(asked, *leased);
        }
        let touch = What::Read;
        let what = what.as_ref().unwrap_or(&touch);
        no_answer_from_undurable_state::check(&self.shadow, &asked, what, &answer)?;
        release_after_commit::check(&self.shadow, &asked, what, &answer)?;
        if let Asker::Op(id) = &asked.asker
            && let Some(op) = self.ops.get(id)
        {
            refused_means_nothing::check(&self.shadow, op, &answer)?;
        }
        match asked.asker {
            Asker::Op(op) => self.send(Packet::Told(op, told)),
            Asker::Poll(poll, key) => {
                self.process.in_hand.remove(&key);
                self.come_back(poll);
            }
            Asker::Nobody => {}
        }
        Ok(())
    }
}

fn short(request: &LoadRequest) -> String {
    match request {
        LoadRequest::Dedup(key) => format!("key {}", key.key),
        other => format!("{other:?}"),
    }
}
