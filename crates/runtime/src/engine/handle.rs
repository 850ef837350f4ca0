//! The handle: cheap to clone, sends requests to shards and waits for answers.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use fermata_decider::command::ReferenceUpdate;
use fermata_decider::needs::{Evaluated, Language, Script};
use fermata_decider::run::decide::Reply;
use fermata_decider::{Command, Rejection, script};
use fermata_storage::backup::BackupSource;
use fermata_storage::{DefinitionKey, DefinitionRow, EndedRow, ReadError, Store, SyncStats};
use fermata_types::{Payload, PayloadLimits, RunId, ShardEpoch, ShardId, ShardKey, Timestamp};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::commit::Committer;
use crate::engine::config::{Config, OpenError, Parts};
use crate::engine::pressure::Class;
use crate::engine::recovery;
use crate::engine::run_view::RunView;
use crate::evaluator::Evaluator;
use crate::ids;
use crate::metadata::Metadata;
use crate::metrics::Metrics;
use crate::payloads::PayloadCache;
use crate::queues::{Hub, Permits, PollBook, WaitingRoom};
use crate::retention::{Archive, Retention, Rules};
use crate::shard::Machine;
use crate::shard::carrier::{Carrier, POSTS};
use crate::shard::driver::{Driver, Envelope, Ways, World};
use crate::shard::machine::{MachineConfig, Shared};
use crate::shard::map::ShardMap;
use crate::shard::request::{Answer, Failure, Request, Start, Token, Updated, Wait, Watched};
use crate::space::{self, Space};
use crate::tasks::TaskSet;

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no such run.
    #[error("No such workflow found by id: {0}")]
    NoSuchRun(RunId),
    /// The run refuses.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The idempotency key was used by that run.
    #[error("the idempotency key has been used by workflow {0}")]
    KeyUsed(RunId),
    /// The machinery cannot; nothing happened.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The process is going down and nobody knows whether it happened: the connection closes
    /// without an answer.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
}

/// The engine. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn crate::clock::Clock>,
    shared: Arc<Shared>,
    room: WaitingRoom,
    map: ShardMap,
    next_key: AtomicU16,
    mailboxes: ArcSwapOption<Vec<mpsc::Sender<Envelope>>>,
    evaluator: Arc<dyn Evaluator>,
    places: Arc<Semaphore>,
    tasks: Mutex<TaskSet>,
    drivers: Mutex<Option<oneshot::Receiver<()>>>,
}

/// A watch under way: its answer, and how to take it back.
pub struct WatchHandle {
    run: RunId,
    token: Token,
    answer: oneshot::Receiver<Answer>,
}

impl Engine {
    /// Reads what has to be known at start, then starts the shards and the committing thread.
    /// Must be called inside a tokio runtime. Recovery is complete when this returns.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(parts: Parts, config: Config) -> Result<Self, OpenError> {
        let read = |what| move |source| OpenError::Read { what, source };
        let (count, epoch) = recovery::own_shards(&*parts.store, config.shards)?;
        recovery::upgrade_deadlines(&*parts.store, epoch)?;
        let metadata = Metadata::load(&*parts.store).map_err(read("definitions"))?;
        let map = ShardMap::dealt(count);
        let shared = Arc::new(Shared {
            payloads: PayloadCache::new(config.payload_cache_bytes),
            metadata: Arc::new(metadata),
            map: map.clone(),
            salt: parts.salt,
            polls: PollBook::default(),
            permits: Arc::default(),
            environment: config.environment,
            payload_limits: config.payload_limits,
            space: Space::default(),
            metrics: Metrics::default(),
            mutation: crate::mutant::Mutation::default(),
        });
        recovery::recover_permits(&*parts.store, &shared).map_err(read("leases"))?;
        let hub = Hub::new(config.queues, shared.permits.clone(), shared.mutation);
        let room = WaitingRoom::new(hub, parts.clock.clone());
        recovery::recover_queues(&*parts.store, &room).map_err(read("queues"))?;
        let (committer, commits) =
            Committer::new(parts.store.clone(), shared.clone(), parts.poisoned);
        std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer.run())
            .map_err(OpenError::Thread)?;
        let world = World {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            shared: shared.clone(),
            room: room.clone(),
            commits,
            evaluator: parts.evaluator,
            places: Arc::new(Semaphore::new(config.script_places)),
            snapshots: Arc::new(Semaphore::new(1)),
        };
        let mut tasks = TaskSet::default();
        let Config { cached_runs, deadlines, snapshot_events, .. } = config;
        let owned = Owned { epoch, cached_runs, deadlines, snapshot_events };
        let (mailboxes, done) =
            start_shards(&map, &world, owned, &mut tasks).map_err(read("shards"))?;
        tasks.spawn("space", space::watch(parts.store.clone(), shared.clone()));
        tasks.spawn("queue timers", room.clone().run_timers());
        tasks.spawn("queue reads", room.clone().run_reads(parts.store.clone(), count));
        let inner = Inner {
            store: parts.store,
            clock: parts.clock,
            shared,
            room,
            map,
            next_key: AtomicU16::new(0),
            mailboxes: ArcSwapOption::from_pointee(mailboxes),
            evaluator: world.evaluator.clone(),
            places: world.places.clone(),
            tasks: Mutex::new(tasks),
            drivers: Mutex::new(Some(done)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes no more requests, answers those it has, and ends the shards. Later requests fail
    /// with [`Failure::Stopping`].
    pub async fn stop(&self) {
        self.inner.mailboxes.store(None);
        let done = self.inner.drivers.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(done) = done {
            // The sender is dropped with the last driver.
            let _ = done.await;
        }
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Now, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Registered definitions.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.inner.shared.metadata
    }

    /// How large payloads may be.
    #[must_use]
    pub fn payload_limits(&self) -> &PayloadLimits {
        &self.inner.shared.payload_limits
    }

    /// Whether the store has no space, so that only reads and what makes room are taken in.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.shared.space.is_full()
    }

    /// Counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.shared.metrics
    }

    /// What syncing has cost the store.
    #[must_use]
    pub fn sync_stats(&self) -> SyncStats {
        self.inner.store.sync_stats()
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.inner.map.count()
    }

    /// Removes ended runs by rule, in the background, until the engine stops.
    pub fn retain(&self, rules: Rules, archive: Arc<dyn Archive>) {
        let retention = Retention::new(self.clone(), rules, archive);
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn("retention", retention.run());
    }

    /// Begins a backup of everything that is durable now; commits go on meanwhile.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn backup(&self) -> Result<BackupSource, ReadError> {
        Ok(BackupSource::new(self.inner.store.view()?))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.inner.store
    }

    pub(super) fn space(&self) -> &Space {
        &self.inner.shared.space
    }

    pub(super) fn room(&self) -> &WaitingRoom {
        &self.inner.room
    }

    pub(super) fn polls(&self) -> &PollBook {
        &self.inner.shared.polls
    }

    pub(super) fn permit_table(&self) -> &Permits {
        &self.inner.shared.permits
    }

    pub(super) fn map(&self) -> &ShardMap {
        &self.inner.map
    }

    fn mailbox(&self, shard: ShardId) -> Result<mpsc::Sender<Envelope>, Failure> {
        let mailboxes = self.inner.mailboxes.load();
        let found = mailboxes.as_ref().and_then(|all| all.get(usize::from(shard.0)));
        found.cloned().ok_or(Failure::Stopping)
    }

    /// Sends a request to a run's shard; none when the engine is stopping.
    pub(super) async fn send(
        &self,
        run: RunId,
        request: Request,
    ) -> Option<oneshot::Receiver<Answer>> {
        let mailbox = self.mailbox(self.inner.map.of(run)).ok()?;
        let (reply, answer) = oneshot::channel();
        mailbox.send(Envelope { request, reply, token: None }).await.ok()?;
        Some(answer)
    }

    /// Sends a request nobody waits for; dropped when the mailbox is full (a lease that is not
    /// given back ends by its response timeout).
    pub(super) fn tell(&self, run: RunId, request: Request) {
        if let Ok(mailbox) = self.mailbox(self.inner.map.of(run)) {
            let (reply, _) = oneshot::channel();
            let _ = mailbox.try_send(Envelope { request, reply, token: None });
        }
    }

    /// The room in the fullest mailbox; none when the engine is stopping.
    pub(super) fn least_room(&self) -> Option<usize> {
        let mailboxes = self.inner.mailboxes.load();
        mailboxes.as_ref()?.iter().map(mpsc::Sender::capacity).min()
    }

    /// Puts a request into a shard's mailbox, or refuses it: nobody waits for room, and each class
    /// leaves what those after it need (design 5).
    fn post(&self, shard: ShardId, envelope: Envelope) -> Result<(), EngineError> {
        let mailbox = self.mailbox(shard)?;
        if mailbox.capacity() <= Class::of(&envelope.request).reserve() {
            return Err(Failure::Overloaded.into());
        }
        mailbox.try_send(envelope).map_err(|error| {
            EngineError::Failed(match error {
                TrySendError::Full(_) => Failure::Overloaded,
                TrySendError::Closed(_) => Failure::Stopping,
            })
        })
    }

    /// Asks a shard.
    async fn ask(&self, shard: ShardId, request: Request) -> Result<Answer, EngineError> {
        if self.is_read_only() && !space::is_allowed(&request) {
            return Err(Failure::StorageFull.into());
        }
        let (reply, answer) = oneshot::channel();
        self.post(shard, Envelope { request, reply, token: None })?;
        match answer.await {
            Ok(Answer::Failed(failure)) => Err(failure.into()),
            Ok(answer) => Ok(answer),
            Err(_) => Err(EngineError::OutcomeUnknown),
        }
    }

    /// Starts a run. A start with an idempotency key goes to the shard of (name, key).
    ///
    /// # Errors
    /// [`EngineError::KeyUsed`], [`EngineError::Failed`].
    pub async fn start(&self, mut start: Start) -> Result<RunId, EngineError> {
        let name = &start.definition.key.name;
        start.shard_key = match &start.idempotency {
            Some(given) => ids::key_of(name, &given.key),
            None => ShardKey::wrapping(self.inner.next_key.fetch_add(1, Ordering::Relaxed)),
        };
        let shard = self.inner.map.shard(start.shard_key);
        match self.ask(shard, Request::Start(Box::new(start))).await? {
            Answer::Started(run) => Ok(run),
            Answer::KeyUsed(run) => Err(EngineError::KeyUsed(run)),
            _ => Err(EngineError::OutcomeUnknown),
        }
    }

    /// Asks something of a run.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Rejected`], [`EngineError::Failed`].
    pub async fn command(
        &self,
        run: RunId,
        command: Command,
        wait: Wait,
    ) -> Result<Reply, EngineError> {
        let shard = self.inner.map.of(run);
        let answer = self.ask(shard, Request::Run { run, command, wait }).await?;
        granted(run, answer)
    }

    /// Takes a worker's result; answers when the run is quiet.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub async fn update(
        &self,
        run: RunId,
        update: fermata_decider::command::TaskUpdate,
    ) -> Result<Updated, EngineError> {
        let command = Command::Update(Box::new(update));
        let request = Request::Run { run, command, wait: Wait::Quiet };
        match self.ask(self.inner.map.of(run), request).await? {
            Answer::Updated(updated) => Ok(*updated),
            Answer::Refused(rejection) => Err(rejection.into()),
            Answer::NotFound => Err(EngineError::NoSuchRun(run)),
            _ => Err(EngineError::OutcomeUnknown),
        }
    }

    /// A fresh id for a message.
    #[must_use]
    pub fn message_id(&self) -> String {
        crate::ids::message_id(self.now(), &*self.inner.shared.salt)
    }

    /// Signals the first open WAIT of a run, or of its children, depth first.
    ///
    /// # Errors
    /// As [`Self::command`]; [`Rejection::NoBlockedTask`] when there is none.
    pub async fn signal(&self, run: RunId, update: ReferenceUpdate) -> Result<Reply, EngineError> {
        let shard = self.inner.map.of(run);
        granted(run, self.ask(shard, Request::Signal { run, update }).await?)
    }

    /// A run's durable state.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Failed`].
    pub async fn read(&self, run: RunId) -> Result<RunView, EngineError> {
        match self.ask(self.inner.map.of(run), Request::Read(run)).await? {
            Answer::Run(state) => Ok(self.view(state)),
            _ => Err(EngineError::NoSuchRun(run)),
        }
    }

    /// A view of a state that a shard has answered with.
    #[must_use]
    pub fn view(&self, state: Box<fermata_decider::Run>) -> RunView {
        RunView::new(state, self.inner.shared.clone(), self.inner.store.clone())
    }

    /// Removes a run and all its rows, in any state.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Failed`].
    pub async fn delete(&self, run: RunId) -> Result<(), EngineError> {
        match self.ask(self.inner.map.of(run), Request::Delete(run)).await? {
            Answer::Done => Ok(()),
            _ => Err(EngineError::NoSuchRun(run)),
        }
    }

    /// Removes what an ended row names, if it still tells the truth, and the row. Answers rows for
    /// the sub-workflows that are left without their parent.
    ///
    /// # Errors
    /// [`EngineError::Failed`].
    pub async fn retire(&self, row: EndedRow) -> Result<Vec<EndedRow>, EngineError> {
        let (shard, request) = (row.key.shard, Request::Retire(Box::new(row)));
        match self.ask(shard, request).await? {
            Answer::Retired(children) => Ok(children),
            _ => Err(EngineError::OutcomeUnknown),
        }
    }

    /// Begins to watch a run: [`Self::watched`] waits for its end or for something that blocks.
    ///
    /// # Errors
    /// [`EngineError::Failed`].
    pub async fn watch(
        &self,
        run: RunId,
        references: Vec<String>,
    ) -> Result<WatchHandle, EngineError> {
        let (reply, answer) = oneshot::channel();
        let (named, token) = oneshot::channel();
        let request = Request::Watch { run, references };
        let envelope = Envelope { request, reply, token: Some(named) };
        self.post(self.inner.map.of(run), envelope)?;
        let token = token.await.map_err(|_| EngineError::OutcomeUnknown)?;
        Ok(WatchHandle { run, token, answer })
    }

    /// Waits for a watch, at most that long; none when the time is over.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Failed`].
    pub async fn watched(
        &self,
        mut watch: WatchHandle,
        timeout: std::time::Duration,
    ) -> Result<Option<Watched>, EngineError> {
        match tokio::time::timeout(timeout, &mut watch.answer).await {
            Ok(Ok(Answer::Watched(watched))) => Ok(Some(*watched)),
            Ok(Ok(Answer::Failed(failure))) => Err(failure.into()),
            Ok(Ok(_)) => Err(EngineError::NoSuchRun(watch.run)),
            Ok(Err(_)) => Err(EngineError::OutcomeUnknown),
            Err(_) => {
                let run = watch.run;
                self.tell(run, Request::Unwatch { run, watch: watch.token });
                Ok(None)
            }
        }
    }

    /// Why a script does not parse; none when it does. The script is wrapped in a function that
    /// is never called, under the limits of every evaluation.
    pub async fn script_fault(&self, source: &str) -> Option<String> {
        if script::Trivial::parse(source).is_some() {
            return None;
        }
        let wrapped = Script {
            language: Language::JavaScript,
            source: format!("(function () {{\n{source}\n}}); true").into(),
            input: Payload::empty_object(),
        };
        let (evaluator, now) = (self.inner.evaluator.clone(), self.now());
        let _place = self.inner.places.acquire().await.ok()?;
        let work = tokio::task::spawn_blocking(move || evaluator.evaluate(&wrapped, now));
        match work.await {
            Ok(Evaluated::Failed(fault) | Evaluated::TimedOut(fault)) => Some(fault),
            _ => None,
        }
    }

    /// Changes registered definitions; visible to everyone before this returns.
    ///
    /// # Errors
    /// [`EngineError::Failed`].
    pub async fn define(
        &self,
        puts: Vec<DefinitionRow>,
        deletes: Vec<DefinitionKey>,
    ) -> Result<(), EngineError> {
        self.ask(ShardId(0), Request::Define { puts, deletes }).await.map(|_| ())
    }
}

fn granted(run: RunId, answer: Answer) -> Result<Reply, EngineError> {
    match answer {
        Answer::Granted(reply) => Ok(reply),
        Answer::Updated(updated) => Ok(updated.reply),
        Answer::Refused(rejection) => Err(rejection.into()),
        Answer::NotFound => Err(EngineError::NoSuchRun(run)),
        _ => Err(EngineError::OutcomeUnknown),
    }
}

/// How every shard begins.
#[derive(Clone, Copy)]
struct Owned {
    epoch: ShardEpoch,
    cached_runs: usize,
    deadlines: usize,
    snapshot_events: u64,
}

type Started = (Vec<mpsc::Sender<Envelope>>, oneshot::Receiver<()>);

fn start_shards(
    map: &ShardMap,
    world: &World,
    owned: Owned,
    tasks: &mut TaskSet,
) -> Result<Started, fermata_storage::ReadError> {
    let (done, all_done) = oneshot::channel::<()>();
    let done = Arc::new(done);
    let mut mailboxes = Vec::with_capacity(usize::from(map.count()));
    let (ways_in, posts): (Vec<_>, Vec<_>) = (0..map.count()).map(|_| mpsc::channel(POSTS)).unzip();
    let ways_in = Arc::new(ways_in);
    for (shard, posts) in (0..map.count()).map(ShardId).zip(posts) {
        let Owned { epoch, cached_runs, deadlines, snapshot_events } = owned;
        let config = MachineConfig { shard, epoch, cached_runs, deadlines, snapshot_events };
        let mut machine = Machine::new(config, world.shared.clone());
        recovery::recover_shard(&*world.store, shard, &mut machine)?;
        let carrier = Carrier::new(shard);
        tasks.spawn("carrier", carrier.clone().run(ways_in.clone()));
        let ways = Ways { posts, carrier };
        let (driver, mailbox) = Driver::new(shard, machine, world.clone(), ways);
        mailboxes.push(mailbox);
        let done = done.clone();
        tasks.spawn("shard", async move {
            driver.run().await;
            drop(done);
        });
    }
    Ok((mailboxes, all_done))
}
