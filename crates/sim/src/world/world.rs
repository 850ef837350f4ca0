//! The parts of a world.

use std::collections::BTreeMap;
use std::sync::Arc;

use fermata_evaluators::Scripts;
use fermata_store_embedded::{Lie, SimFiles};
use fermata_types::Timestamp;

use crate::ledger::Ledger;
use crate::mutants::Bug;
use crate::random::Random;
use crate::run::Options;
use crate::shadow::Shadow;
use crate::trace::Trace;
use crate::violation::Violation;
use crate::workload::op::{Op, OpId};
use crate::workload::workers::Workers;
use crate::world::config::Config;
use crate::world::crash::cannot_open;
use crate::world::network::Packet;
use crate::world::process::Process;

/// Where virtual time begins, in ms since the Unix epoch.
const BEGINNING: i64 = 1_700_000_000_000;

/// The simulated disk, the server on it, everyone around it, and the truth beside it.
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) config: Config,
    pub(crate) now: Timestamp,
    pub(crate) step: u64,
    pub(crate) trace: Trace,
    pub(crate) files: SimFiles,
    pub(crate) process: Process,
    pub(crate) shadow: Shadow,
    /// Group commits acknowledged by the store.
    pub(crate) acknowledged: u64,
    pub(crate) evaluator: Arc<Scripts>,
    pub(crate) packets: Vec<(Timestamp, Packet)>,
    pub(crate) ops: BTreeMap<OpId, Op>,
    pub(crate) next_op: u64,
    pub(crate) workers: Workers,
    pub(crate) ledger: Ledger,
    /// Lives of the server so far.
    pub(crate) lives: u64,
    /// Whether crashes, losses and failures still happen.
    pub(crate) is_faulty: bool,
    /// Whether the disk will stop at one of its next operations.
    pub(crate) is_stopping: bool,
    /// Whether the definitions are acknowledged.
    pub(crate) is_defined: bool,
    /// Starts that are still to be made.
    pub(crate) starts_left: usize,
}

impl World {
    /// The world of a seed, before its first step.
    pub(crate) fn new(options: &Options, trace: Trace) -> Result<Self, Violation> {
        let (seed, evaluator) = (options.seed, options.evaluator.clone());
        let mut random = Random::new(seed);
        let config = Config::draw(&mut random, options.bug);
        let files = SimFiles::new(random.next());
        match options.bug {
            Some(Bug::NoSync) => files.lie(Lie::SyncFile),
            Some(Bug::DirectoryNotSynced) => files.lie(Lie::SyncDir),
            _ => {}
        }
        let now = Timestamp::from_ms(BEGINNING);
        let salt = random.next();
        let disk = Process::open(&files, &config).map_err(|error| cannot_open(&error))?;
        let process =
            Process::boot(disk, &config, salt, now).map_err(|error| cannot_open(&error))?;
        let mut world = Self {
            random,
            config,
            now,
            step: 0,
            trace,
            files,
            process,
            shadow: Shadow::default(),
            acknowledged: 0,
            evaluator,
            packets: Vec::new(),
            ops: BTreeMap::new(),
            next_op: 0,
            workers: Workers::default(),
            ledger: Ledger::default(),
            lives: 1,
            is_faulty: true,
            is_stopping: false,
            is_defined: false,
            starts_left: config.starts,
        };
        world.trace.note(0, || format!("seed {seed}: {config:?}"));
        world.know_shards()?;
        world.define();
        Ok(world)
    }
}
