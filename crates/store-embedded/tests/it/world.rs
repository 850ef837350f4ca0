//! A simulated machine with one store, and a workload whose every outcome is known.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fermata_storage::conformance::{Groups, all_rows};
use fermata_storage::{
    Batch, CommitError, ModelStore, Page, ReadError, Row, RowKey, ScanRange, Store, SyncStats, View,
};
use fermata_store_embedded::{
    Checkpoints, EmbeddedStore, FileLayer, OpenError, Options, SimFiles, StoreId,
};
use fermata_types::Position;

pub const DIR: &str = "/data";
/// Small, so that a few groups fill a segment.
pub const SEGMENT_BYTES: u64 = 4096;
const STORE_ID: StoreId = StoreId(*b"a store of tests");

pub fn options(files: &SimFiles, segment_bytes: u64) -> Options {
    Options::new(STORE_ID)
        .segment_bytes(segment_bytes)
        .checkpoints(Checkpoints::Manual)
        .keep_reserve(false)
        .files(Arc::new(files.clone()))
}

pub fn open(files: &SimFiles) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(DIR, options(files, SEGMENT_BYTES))
}

/// Small, so that a few groups freeze a delta.
pub const DELTA_BYTES: usize = 3000;

/// How a store is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The log alone: everything fits into the first delta.
    LogOnly,
    /// Tiny deltas, checkpointed now and then: rows lie in every layer.
    Layered,
}

pub fn open_as(files: &SimFiles, kind: Kind) -> Result<Box<dyn Store>, OpenError> {
    match kind {
        Kind::LogOnly => Ok(Box::new(open(files)?)),
        Kind::Layered => {
            let options = options(files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES);
            Ok(Box::new(Stepping::new(EmbeddedStore::open(DIR, options)?)))
        }
    }
}

/// A store whose checkpointer is driven after commits, so that up to two frozen deltas wait.
pub struct Stepping {
    inner: EmbeddedStore,
    most_waiting: AtomicUsize,
}

impl Stepping {
    pub fn new(inner: EmbeddedStore) -> Self {
        Self { inner, most_waiting: AtomicUsize::new(0) }
    }

    /// The most frozen deltas that have waited at once.
    pub fn most_waiting(&self) -> usize {
        self.most_waiting.load(Ordering::SeqCst)
    }
}

impl Store for Stepping {
    fn commit(&self, group: &[Batch]) -> Result<Position, CommitError> {
        let outcome = self.inner.commit(group);
        self.most_waiting.fetch_max(self.inner.deltas_waiting(), Ordering::SeqCst);
        if self.inner.deltas_waiting() > 2 {
            self.inner.checkpoint_step();
        }
        outcome
    }

    fn get(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.inner.get(key)
    }

    fn scan(
        &self,
        range: &ScanRange,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.inner.scan(range, after, limit)
    }

    fn view(&self) -> Result<Box<dyn View>, ReadError> {
        self.inner.view()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn sync_stats(&self) -> SyncStats {
        self.inner.sync_stats()
    }
}

pub fn rows(store: &dyn Store) -> Vec<Row> {
    all_rows(store, &ScanRange::All, 1000)
}

/// The paths of all segments in order.
pub fn segments(files: &SimFiles) -> Vec<std::path::PathBuf> {
    let names = FileLayer::list(files, Path::new(DIR)).expect("readable");
    let segments = names.iter().filter(|name| name.starts_with("segment-"));
    segments.map(|name| Path::new(DIR).join(name)).collect()
}

/// Groups, and what the model makes of them.
pub struct Workload {
    groups: Vec<Step>,
    /// The rows at each position.
    states: Vec<Vec<Row>>,
}

/// A group, and the position the store has before it.
struct Step {
    group: Vec<Batch>,
    before: Position,
}

impl Workload {
    pub fn new(seed: u64, length: usize) -> Self {
        let (model, mut random) = (ModelStore::new(), Groups::new(seed));
        let (mut groups, mut states) = (Vec::new(), vec![Vec::new()]);
        for _ in 0..length {
            let (group, before) = (random.next_group(), model.position());
            // Refused groups stay in the workload: they must change nothing.
            let _ = model.commit(&group);
            if model.position() > before {
                states.push(model.rows());
            }
            groups.push(Step { group, before });
        }
        Self { groups, states }
    }

    /// The position after all groups.
    pub fn end(&self) -> Position {
        Position(self.states.len() as u64 - 1)
    }

    pub fn rows_at(&self, position: Position) -> &[Row] {
        self.states.get(usize::try_from(position.0).expect("small")).expect("reached")
    }

    /// Commits what is left from the store's position on, until the end or the first failure.
    /// Answers the last acknowledged position.
    pub fn run(&self, store: &dyn Store) -> Result<Position, (Position, CommitError)> {
        self.run_to(store, self.end())
    }

    /// As `run`, up to a position.
    pub fn run_to(
        &self,
        store: &dyn Store,
        to: Position,
    ) -> Result<Position, (Position, CommitError)> {
        let mut acknowledged = store.position();
        let start = acknowledged;
        for Step { group, before } in &self.groups {
            if *before < start || *before >= to {
                continue;
            }
            match store.commit(group) {
                Ok(position) => acknowledged = position,
                Err(CommitError::Fenced { .. } | CommitError::NotAbsent { .. }) => {}
                Err(failed) => return Err((acknowledged, failed)),
            }
        }
        Ok(acknowledged)
    }

    /// Whether a store holds exactly the rows of its position.
    pub fn matches(&self, store: &dyn Store) -> bool {
        rows(store) == self.rows_at(store.position())
    }
}
