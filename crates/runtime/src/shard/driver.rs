//! Moves a machine's inputs and outputs: mailbox, commits, loads, scripts, deadlines. No
//! decisions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fermata_decider::needs::{Evaluated, EvaluationKey, EvaluationRequest};
use fermata_storage::Store;
use fermata_types::{RunId, ShardId, Timestamp};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::commit::Submission;
use crate::commit::committer::CommitBell;
use crate::engine::recovery;
use crate::evaluator::Evaluator;
use crate::queues::WaitingRoom;
use crate::shard::carrier::Carrier;
use crate::shard::load;
use crate::shard::machine::{INTERNAL_BEFORE_OUTSIDE, Machine, Output, Shared};
use crate::shard::outbox::Post;
use crate::shard::request::{Answer, Failure, Request, Token};
use crate::shard::snapshot;
use crate::space;

/// Requests that may wait in a shard's mailbox.
pub const MAILBOX: usize = 4096;
/// Requests taken before a batch is closed.
const REQUESTS_PER_BATCH: usize = 64;
/// Results of scripts that may wait for a shard.
const RESULTS: usize = 1024;
/// Pause after a refusal that follows another without a commit between.
const AFTER_REFUSALS: Duration = Duration::from_secs(1);
/// How often a stopping shard looks whether those it has not answered have gone.
const WHILE_STOPPING: Duration = Duration::from_millis(100);

/// A request with the one who waits for its answer.
pub struct Envelope {
    /// What is asked.
    pub request: Request,
    /// Where the answer goes. Whoever has left is not told.
    pub reply: oneshot::Sender<Answer>,
    /// The token the asker wants to name its watch by later.
    pub token: Option<oneshot::Sender<Token>>,
}

/// What a driver needs of the process.
#[derive(Clone)]
pub struct World {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What shards share.
    pub shared: Arc<Shared>,
    /// The queues.
    pub room: WaitingRoom,
    /// The way to the committer.
    pub commits: mpsc::Sender<Submission>,
    /// Scripts.
    pub evaluator: Arc<dyn Evaluator>,
    /// Places in the script pool.
    pub places: Arc<Semaphore>,
    /// Places for snapshots that are being encoded.
    pub snapshots: Arc<Semaphore>,
}

/// A shard's ways from and to the other shards.
pub struct Ways {
    /// What others post.
    pub posts: mpsc::Receiver<Post>,
    /// The way out.
    pub carrier: Carrier,
}

/// Work that was done beside the shard.
enum Finished {
    Script(RunId, EvaluationKey, Evaluated),
    Snapshot(snapshot::Encoded),
}

/// Drives one shard until its mailbox closes.
pub struct Driver {
    shard: ShardId,
    machine: Machine,
    world: World,
    mailbox: mpsc::Receiver<Envelope>,
    ways: Ways,
    bell: Arc<CommitBell>,
    waiting: BTreeMap<Token, oneshot::Sender<Answer>>,
    next_token: u64,
    results: (mpsc::Sender<Finished>, mpsc::Receiver<Finished>),
}

impl Driver {
    /// A driver and the way into its mailbox.
    #[must_use]
    pub fn new(
        shard: ShardId,
        machine: Machine,
        world: World,
        ways: Ways,
    ) -> (Self, mpsc::Sender<Envelope>) {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let driver = Self {
            shard,
            machine,
            world,
            mailbox,
            ways,
            bell: Arc::default(),
            waiting: BTreeMap::new(),
            next_token: 0,
            results: mpsc::channel(RESULTS),
        };
        (driver, sender)
    }

    /// Runs until the mailbox is closed and everything in it is answered.
    pub async fn run(mut self) {
        let mut is_open = true;
        let mut seen = fermata_types::BatchNumber(0);
        let mut space = self.world.shared.space.subscribe();
        let mut refused_last = false;
        while is_open || !self.waiting.is_empty() {
            if !is_open {
                // Nobody can ask any more, and some have gone.
                self.waiting.retain(|_, reply| !reply.is_closed());
            }
            self.machine.set_full(*space.borrow());
            // What was committed before a refusal has happened, and is answered so.
            let refusal = self.bell.refusal();
            let durable = self.bell.durable();
            if durable > seen {
                seen = durable;
                refused_last = false;
                self.machine.handle_committed(durable);
            }
            if let Some(failure) = refusal {
                self.refused(failure);
                if std::mem::replace(&mut refused_last, true) {
                    // What it began with is refused as well: not at once again.
                    tokio::time::sleep(AFTER_REFUSALS).await;
                }
            }
            if self.has_work() {
                self.machine.run_internal(self.world.clock.now());
            }
            self.carry_out();
            if !self.submit().await {
                return;
            }
            if self.bell.durable() <= seen {
                self.wait(&mut is_open, &mut space).await;
            }
        }
    }

    /// Whether the shard goes on by itself: not while storage is full.
    fn has_work(&self) -> bool {
        self.machine.has_internal_work() && !self.world.shared.space.is_full()
    }

    /// Waits for the next thing from outside. While the shard has work of its own it only looks
    /// whether there is one: an endless run takes turns with everybody else, and lets the thread
    /// serve other shards, timers and sockets.
    async fn wait(&mut self, is_open: &mut bool, space: &mut watch::Receiver<bool>) {
        // In this order: space that comes in between rings.
        let is_full = *space.borrow_and_update();
        let is_busy = self.machine.has_internal_work() && !is_full;
        let due = if is_full { self.machine.poll_late() } else { self.machine.poll_deadline() };
        let now = self.world.clock.now();
        let sleep = due.map(|due| sleep_for(due, now));
        // Whichever is ready, by chance: a busy shard's bell rings all the time, and must not keep
        // its mailbox or its deadlines waiting.
        tokio::select! {
            () = self.bell.rung() => {}
            finished = self.results.1.recv(), if !is_full => {
                if let Some(finished) = finished {
                    self.finished(finished);
                }
            }
            // While storage is full what others post waits: their rows keep it.
            Some(post) = self.ways.posts.recv(), if !is_full => self.take_posts(post, is_open),
            envelope = self.mailbox.recv(), if *is_open => match envelope {
                Some(envelope) => self.take(envelope),
                None => *is_open = false,
            },
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {
                self.due(is_full);
            }
            () = tokio::task::yield_now(), if is_busy => {}
            () = tokio::time::sleep(WHILE_STOPPING), if !*is_open => {}
            // It sleeps through deadlines and posts while storage is full.
            _ = space.changed() => {}
        }
    }

    fn due(&mut self, is_full: bool) {
        let now = self.world.clock.now();
        if is_full { self.machine.handle_late(now) } else { self.machine.handle_deadline(now) }
    }

    /// Takes what other shards have posted, then one request: neither keeps the other waiting.
    fn take_posts(&mut self, first: Post, is_open: &mut bool) {
        let mut post = Some(first);
        let mut taken = 0;
        while let Some(next) = post.take() {
            self.machine.handle_post(next, self.world.clock.now());
            taken += 1;
            if taken < INTERNAL_BEFORE_OUTSIDE && !self.machine.has_internal_work() {
                post = self.ways.posts.try_recv().ok();
            }
        }
        match self.mailbox.try_recv() {
            Ok(envelope) => self.take(envelope),
            Err(mpsc::error::TryRecvError::Empty) => {}
            Err(mpsc::error::TryRecvError::Disconnected) => *is_open = false,
        }
    }

    fn take(&mut self, first: Envelope) {
        let mut envelope = Some(first);
        let mut taken = 0;
        while let Some(next) = envelope.take() {
            taken += 1;
            if self.world.shared.space.is_full() && !space::is_allowed(&next.request) {
                // It was here before the disk was full.
                let _ = next.reply.send(Answer::Failed(Failure::StorageFull));
            } else {
                self.request(next);
            }
            if taken < REQUESTS_PER_BATCH && !self.machine.has_internal_work() {
                envelope = self.mailbox.try_recv().ok();
            }
        }
    }

    fn request(&mut self, envelope: Envelope) {
        self.next_token += 1;
        let token = Token(self.next_token);
        self.waiting.insert(token, envelope.reply);
        if let Some(named) = envelope.token {
            let _ = named.send(token);
        }
        self.machine.handle_request(token, envelope.request, self.world.clock.now());
    }

    fn finished(&mut self, finished: Finished) {
        match finished {
            Finished::Script(run, key, result) => {
                self.machine.handle_evaluated(run, key, result, self.world.clock.now());
            }
            Finished::Snapshot(encoded) => self.machine.handle_snapshot(encoded),
        }
    }

    /// Carries out what the machine has put out, until it is quiet.
    fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Answer(token, answer) => {
                    if let Some(reply) = self.waiting.remove(&token) {
                        let _ = reply.send(answer);
                    }
                }
                Output::Load(request) => {
                    let metadata = &self.world.shared.metadata;
                    let loaded = load::perform(&*self.world.store, metadata, self.shard, request);
                    self.machine.handle_loaded(loaded, self.world.clock.now());
                }
                Output::Evaluate(run, request) => self.evaluate(run, request),
                Output::Snapshot(job) => self.encode(job),
                Output::Enqueued(key, epoch) => self.world.room.enqueue(key, epoch),
                Output::Dequeued(key) => self.world.room.dequeue(&key),
                Output::Freed(task) => self.world.room.freed(task),
                Output::Unleased(task) => self.world.room.unleased(task),
                Output::Post(target, post) => {
                    let metadata = &self.world.shared.metadata;
                    let post = load::complete(&*self.world.store, metadata, self.shard, post);
                    self.ways.carrier.put(target, post);
                }
                Output::Defined(puts, deletes) => {
                    let shared = &self.world.shared;
                    for name in shared.metadata.swap(puts, &deletes) {
                        shared.permits.set(&name, shared.metadata.limits(&name));
                        self.world.room.woken(&name);
                    }
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "ends with its script, which has a time limit")]
    fn evaluate(&self, run: RunId, request: EvaluationRequest) {
        let world = self.world.clone();
        let results = self.results.0.clone();
        tokio::spawn(async move {
            let Ok(_place) = world.places.clone().acquire_owned().await else { return };
            let key = request.key;
            let now = world.clock.now();
            let evaluator = world.evaluator.clone();
            let script = request.script;
            let work = tokio::task::spawn_blocking(move || evaluator.evaluate(&script, now));
            let result = work
                .await
                .unwrap_or_else(|_| Evaluated::Failed("the script could not be run".to_owned()));
            let _ = results.send(Finished::Script(run, key, result)).await;
        });
    }

    /// A snapshot that cannot be encoded is not written: its run goes on without.
    #[expect(clippy::disallowed_methods, reason = "ends with its snapshot, whose size is bounded")]
    fn encode(&self, job: Box<snapshot::Job>) {
        let places = self.world.snapshots.clone();
        let results = self.results.0.clone();
        tokio::spawn(async move {
            let Ok(_place) = places.acquire_owned().await else { return };
            if let Ok(encoded) = tokio::task::spawn_blocking(move || job.encode()).await {
                let _ = results.send(Finished::Snapshot(encoded)).await;
            }
        });
    }

    /// False when the committer is gone: the process is stopping.
    async fn submit(&mut self) -> bool {
        while let Some(staged) = self.machine.take_batch() {
            let submission = Submission::new(staged, self.bell.clone());
            if self.world.commits.send(submission).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Nothing of a batch was written: the machine starts anew from the rows that are.
    fn refused(&mut self, failure: Failure) {
        self.machine.handle_refused(failure);
        self.carry_out();
        let (store, shard, room) = (&*self.world.store, self.shard, &self.world.room);
        let recovered = recovery::recover_shard(store, shard, &mut self.machine).and_then(|()| {
            // Leases that were refused have left rows that the hub has handed out.
            recovery::recover_queues_of(store, shard, |key, epoch| room.found(&key, epoch))
        });
        if let Err(error) = recovered {
            tracing::error!(%shard, %error, "cannot read the shard's rows");
        }
        self.bell.reset();
    }
}

fn sleep_for(due: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(due.since(now).as_ms()).unwrap_or(0))
}
