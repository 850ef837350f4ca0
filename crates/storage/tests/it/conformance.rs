//! The model store passes the suite, reopened as a clone of itself.

use fermata_storage::conformance::{Reopen, run_all, run_reopen, samples};
use fermata_storage::{ModelStore, Row, Store};

struct Shared(ModelStore);

impl Reopen for Shared {
    fn open(&mut self) -> Box<dyn Store> {
        Box::new(self.0.clone())
    }
}

#[test]
fn the_model_store_conforms() {
    run_all(&|| Box::new(ModelStore::new()));
    run_reopen(&|| Box::new(Shared(ModelStore::new())));
}

#[test]
fn samples_have_different_keys() {
    let mut keys: Vec<_> = samples().iter().map(Row::key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), samples().len());
}
