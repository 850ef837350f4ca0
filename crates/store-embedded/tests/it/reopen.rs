//! Opening again and again costs nothing and loses nothing.

use fermata_storage::Store;
use fermata_store_embedded::{Keep, SimFiles};
use fermata_types::Position;

use crate::world::{Workload, open, segments};

#[test]
fn a_store_is_opened_before_every_group() {
    let (workload, files) = (Workload::new(31, 120), SimFiles::new(1));
    for position in 0..workload.end().0 {
        let store = open(&files).expect("it opens");
        assert_eq!(store.position(), Position(position));
        assert!(workload.matches(&store));
        workload.run_to(&store, Position(position + 1)).expect("committed");
    }
    let store = open(&files).expect("it opens");
    assert!(store.position() == workload.end() && workload.matches(&store));
}

#[test]
fn opening_without_writing_adds_no_segments() {
    let (workload, files) = (Workload::new(32, 20), SimFiles::new(1));
    workload.run(&open(&files).expect("it opens")).expect("committed");
    drop(open(&files).expect("it opens"));
    let before = segments(&files);
    for _ in 0..20 {
        files.crash(Keep::Subset);
        drop(open(&files).expect("it opens"));
    }
    assert_eq!(segments(&files), before);
}
