//! The suite, on real files and on simulated ones, with large and with small segments.

use std::cell::Cell;
use std::path::PathBuf;

use fermata_storage::Store;
use fermata_storage::conformance::{Reopen, run_all, run_reopen};
use fermata_store_embedded::{EmbeddedStore, Options, SimFiles, StoreId};

use crate::world::{self, Kind, options};

struct RealPlace {
    _keep: tempfile::TempDir,
    dir: PathBuf,
    segment_bytes: u64,
}

impl RealPlace {
    fn new(segment_bytes: u64) -> Self {
        let keep = tempfile::tempdir().expect("a scratch folder");
        let dir = keep.path().join("deep/er");
        Self { _keep: keep, dir, segment_bytes }
    }
}

impl Reopen for RealPlace {
    fn open(&mut self) -> Box<dyn Store> {
        let options = Options::new(StoreId([1; 16])).segment_bytes(self.segment_bytes);
        Box::new(EmbeddedStore::open(&self.dir, options).expect("it opens"))
    }
}

struct SimPlace(SimFiles);

impl Reopen for SimPlace {
    fn open(&mut self) -> Box<dyn Store> {
        Box::new(world::open(&self.0).expect("it opens"))
    }
}

#[test]
fn real_files_conform() {
    let keep = tempfile::tempdir().expect("a scratch folder");
    let number = Cell::new(0);
    run_all(&|| {
        number.set(number.get() + 1);
        let dir = keep.path().join(number.get().to_string());
        let options = Options::new(StoreId([1; 16])).segment_bytes(1 << 20);
        Box::new(EmbeddedStore::open(dir, options).expect("it opens"))
    });
    run_reopen(&|| Box::new(RealPlace::new(4096)));
    run_reopen(&|| Box::new(RealPlace::new(1 << 20)));
}

#[test]
fn simulated_files_conform() {
    run_all(&|| Box::new(world::open(&SimFiles::new(1)).expect("it opens")));
    run_all(&|| {
        let options = options(&SimFiles::new(1), 64 << 10);
        Box::new(EmbeddedStore::open("/other", options).expect("it opens"))
    });
    run_reopen(&|| Box::new(SimPlace(SimFiles::new(2))));
}

struct LayeredPlace(SimFiles);

impl Reopen for LayeredPlace {
    fn open(&mut self) -> Box<dyn Store> {
        world::open_as(&self.0, Kind::Layered).expect("it opens")
    }
}

/// Rows in the active delta, in frozen ones and in the checkpoint, all at once.
#[test]
fn layers_conform() {
    run_all(&|| world::open_as(&SimFiles::new(1), Kind::Layered).expect("it opens"));
    run_reopen(&|| Box::new(LayeredPlace(SimFiles::new(2))));
}

/// The store's own thread at work beside everything else, on real files.
#[test]
fn checkpoints_in_the_background_conform() {
    let keep = tempfile::tempdir().expect("a scratch folder");
    let number = Cell::new(0);
    run_all(&|| {
        number.set(number.get() + 1);
        let options = Options::new(StoreId([1; 16])).segment_bytes(8192).delta_bytes(2000);
        let dir = keep.path().join(number.get().to_string());
        Box::new(EmbeddedStore::open(dir, options).expect("it opens"))
    });
}

#[test]
fn commits_are_counted_with_one_sync_each() {
    let files = SimFiles::new(1);
    let store = EmbeddedStore::open("/data", options(&files, 1 << 20)).expect("it opens");
    let workload = world::Workload::new(9, 40);
    let before = files.operations();
    workload.run(&store).expect("all committed");
    let stats = store.sync_stats();
    assert_eq!(stats.syncs, workload.end().0, "one sync a group");
    assert_eq!(files.operations() - before, 2 * stats.syncs, "one write and one sync, no more");
    assert!(stats.bytes >= 512 * stats.syncs && stats.bytes.is_multiple_of(512));
}
