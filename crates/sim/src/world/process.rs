//! One life of the server: the production store, machines and hub, and what is under way between
//! them. Opened as `Engine::open` does; a crash drops it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use fermata_decider::needs::EvaluationRequest;
use fermata_runtime::commit::Submission;
use fermata_runtime::commit::committer::CommitBell;
use fermata_runtime::engine::recovery;
use fermata_runtime::ids::Salt;
use fermata_runtime::metadata::Metadata;
use fermata_runtime::metrics::Metrics;
use fermata_runtime::mutant::Mutation;
use fermata_runtime::payloads::PayloadCache;
use fermata_runtime::queues::reading::{Ask, Found};
use fermata_runtime::queues::{Bounds, Hub, PollBook};
use fermata_runtime::shard::machine::{LoadRequest, Shared};
use fermata_runtime::shard::map::ShardMap;
use fermata_runtime::shard::request::{Request, Token};
use fermata_runtime::shard::snapshot::Job;
use fermata_runtime::shard::{Machine, MachineConfig};
use fermata_storage::{FaultyStore, ModelStore, QueueKey, ReadError, Store};
use fermata_store_embedded::{Checkpoints, EmbeddedStore, OpenError, Options, SimFiles, StoreId};
use fermata_types::{BatchNumber, RunId, ShardId, Timestamp};

use crate::mutants::Bug;
use crate::world::asked::{Asked, Asker};
use crate::world::config::Config;
use crate::world::posts::Carried;

const DIR: &str = "/data";
const STORE: StoreId = StoreId(*b"simulated store!");

/// The store under test: the production store, with refusals on demand.
pub(crate) type Disk = FaultyStore<EmbeddedStore>;

/// One shard: its machine and what its driver would hold.
pub(crate) struct Shard {
    pub(crate) machine: Machine,
    pub(crate) bell: Arc<CommitBell>,
    /// The last batch the machine was told is durable.
    pub(crate) seen: BatchNumber,
    pub(crate) mailbox: VecDeque<(Asker, Request)>,
    pub(crate) waiting: BTreeMap<Token, Asked>,
    pub(crate) next_token: u64,
    pub(crate) loads: VecDeque<LoadRequest>,
    pub(crate) scripts: Vec<(RunId, EvaluationRequest)>,
    /// Snapshots being encoded.
    pub(crate) snapshots: Vec<Job>,
    /// Batches that were on their way when the shard was refused: they must never be written.
    pub(crate) dropped: BTreeSet<BatchNumber>,
    /// Whether the machine may have rows for a batch.
    pub(crate) is_dirty: bool,
}

/// A poll that holds or waits for rows.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) worker: usize,
    pub(crate) queue: String,
    /// When it leaves if it still waits.
    pub(crate) until: Timestamp,
    /// Leases it has asked for and not heard of.
    pub(crate) pending: usize,
}

/// One life of the server.
pub(crate) struct Process {
    pub(crate) store: Arc<dyn Store>,
    /// The same store, to plan refusals.
    pub(crate) disk: Weak<Disk>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) hub: Hub,
    /// Queues that are being read.
    pub(crate) reads: Vec<(Ask, Option<Found>)>,
    /// Batches on their way to the committer, with their shard.
    pub(crate) queue: VecDeque<(usize, Submission)>,
    pub(crate) polls: BTreeMap<u64, Poll>,
    /// What shards post to each other.
    pub(crate) posts: Vec<Carried>,
    /// Rows taken from the hub whose lease is not answered.
    pub(crate) in_hand: BTreeSet<QueueKey>,
    pub(crate) next_poll: u64,
}

/// Why a store or its rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    #[error(transparent)]
    Open(#[from] fermata_runtime::engine::OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Randomness of ids from the world's seed.
struct SimSalt(AtomicU64);

impl Salt for SimSalt {
    fn draw(&self) -> u32 {
        let drawn = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        u32::try_from((drawn ^ (drawn >> 29)) & u64::from(u32::MAX)).unwrap_or(0)
    }
}

impl Process {
    /// Opens the store on a disk.
    pub(crate) fn open(files: &SimFiles, config: &Config) -> Result<Disk, OpenError> {
        let mut options = Options::new(STORE)
            .segment_bytes(config.segment_bytes)
            .delta_bytes(config.delta_bytes)
            .checkpoints(Checkpoints::Manual)
            .files(Arc::new(files.clone()));
        match config.bug {
            Some(Bug::RecoveryStopsEarly) => options = options.recovery_stops_early(),
            Some(Bug::CheckpointBelievedEarly) => options = options.checkpoint_believed_early(),
            _ => {}
        }
        Ok(FaultyStore::new(EmbeddedStore::open(DIR, options)?))
    }

    /// Takes the shards and recovers, as `Engine::open` does.
    pub(crate) fn boot(
        disk: Disk,
        config: &Config,
        salt: u64,
        now: Timestamp,
    ) -> Result<Self, BootError> {
        let disk = Arc::new(disk);
        let store: Arc<dyn Store> = disk.clone();
        let (count, epoch) = recovery::own_shards(&*store, config.shards)?;
        let shared = Arc::new(Shared {
            payloads: PayloadCache::new(config.payload_cache_bytes),
            metadata: Arc::new(Metadata::load(&*store)?),
            map: ShardMap::dealt(count),
            salt: Arc::new(SimSalt(AtomicU64::new(salt))),
            polls: PollBook::default(),
            permits: Arc::default(),
            environment: BTreeMap::new(),
            payload_limits: fermata_types::PayloadLimits::default(),
            space: fermata_runtime::space::Space::default(),
            metrics: Metrics::default(),
            mutation: match config.bug {
                Some(Bug::Runtime(mutant)) => Mutation::of(mutant),
                _ => Mutation::default(),
            },
        });
        recovery::recover_permits(&*store, &shared)?;
        let bounds = Bounds { ready: config.ready_rows, delayed: config.delayed_rows };
        let mut hub = Hub::new(bounds, shared.permits.clone(), shared.mutation);
        recovery::recover_queue_rows(&*store, |key, epoch| {
            // Nobody polls yet.
            let _ = hub.enqueue(key, epoch, now);
        })?;
        let mut shards = Vec::new();
        for shard in (0..count).map(ShardId) {
            let (cached_runs, deadlines) = (config.cached_runs, config.deadlines);
            let snapshot_events = config.snapshot_events;
            let machine = MachineConfig { shard, epoch, cached_runs, deadlines, snapshot_events };
            let mut machine = Machine::new(machine, shared.clone());
            recovery::recover_shard(&*store, shard, &mut machine)?;
            shards.push(Shard::new(machine));
        }
        Ok(Self {
            store,
            disk: Arc::downgrade(&disk),
            shared,
            shards,
            hub,
            reads: Vec::new(),
            queue: VecDeque::new(),
            polls: BTreeMap::new(),
            posts: Vec::new(),
            in_hand: BTreeSet::new(),
            next_poll: 0,
        })
    }

    /// The process dies: what is in memory is gone, and the store's lock is free.
    pub(crate) fn die(&mut self) {
        self.shards.clear();
        self.posts.clear();
        self.store = Arc::new(ModelStore::new());
    }

    /// The next moment at which the server itself has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let shards = self.shards.iter().filter_map(|shard| shard.machine.poll_deadline());
        let polls = self.polls.values().map(|poll| poll.until);
        shards.chain(self.hub.poll_deadline()).chain(polls).min()
    }
}

impl Shard {
    fn new(machine: Machine) -> Self {
        Self {
            machine,
            bell: Arc::default(),
            seen: BatchNumber(0),
            mailbox: VecDeque::new(),
            waiting: BTreeMap::new(),
            next_token: 0,
            loads: VecDeque::new(),
            scripts: Vec::new(),
            snapshots: Vec::new(),
            dropped: BTreeSet::new(),
            is_dirty: true,
        }
    }

    /// Whether the committer has news for the machine.
    pub(crate) fn has_news(&self) -> bool {
        self.bell.durable() > self.seen || self.bell.refusal().is_some()
    }

    /// Runs that are being read.
    pub(crate) fn loading(&self) -> BTreeSet<RunId> {
        self.loads
            .iter()
            .filter_map(|load| match load {
                LoadRequest::Run(run)
                | LoadRequest::Payload(run, _)
                | LoadRequest::Messages(run, ..)
                | LoadRequest::Keys(run) => Some(*run),
                LoadRequest::LogLines(task) => Some(task.run()),
                LoadRequest::Retirement(row) => Some(row.key.run),
                LoadRequest::Dedup(_)
                | LoadRequest::Definition(..)
                | LoadRequest::Outbox(..)
                | LoadRequest::Deadlines(..) => None,
            })
            .collect()
    }
}
