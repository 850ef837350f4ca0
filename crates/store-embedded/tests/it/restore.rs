//! Restoring: the rows of a view make a store that goes on where the other one was.

use std::convert::Infallible;

use fermata_storage::{Row, Store, View};
use fermata_store_embedded::{EmbeddedStore, Keep, OpenError, Options, SimFiles, StoreId};
use fermata_types::Position;

use crate::world::{DELTA_BYTES, DIR, Kind, SEGMENT_BYTES, Workload, open_as, options};

fn rows_of(view: &dyn View) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let page = view.scan_all(rows.last().map(Row::key).as_ref(), 10).expect("readable");
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

fn target(files: &SimFiles) -> Options {
    options(files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES).store_id(StoreId([4; 16]))
}

fn restore(files: &SimFiles, rows: Vec<Row>, position: Position) -> Result<(), OpenError> {
    EmbeddedStore::restore(DIR, &target(files), rows.into_iter().map(Ok::<_, Infallible>), position)
}

#[test]
fn a_restored_store_goes_on() {
    let workload = Workload::new(3, 60);
    let source = open_as(&SimFiles::new(3), Kind::Layered).expect("it opens");
    for middle in [0, 1, workload.end().0 / 2, workload.end().0] {
        workload.run_to(&*source, Position(middle)).expect("committed");
        let view = source.view().expect("a view");
        let files = SimFiles::new(4);
        restore(&files, rows_of(&*view), view.position()).expect("restored");
        files.crash(Keep::Nothing);
        let store = EmbeddedStore::open(DIR, target(&files)).expect("it opens");
        assert!(store.position() == Position(middle) && workload.matches(&store), "{middle}");
        workload.run(&store).expect("it goes on");
        drop(store);
        files.crash(Keep::Nothing);
        let store = EmbeddedStore::open(DIR, target(&files)).expect("it opens");
        assert!(store.position() == workload.end() && workload.matches(&store), "{middle}");
        let again = restore(&files, Vec::new(), Position(0));
        drop(store);
        assert!(matches!(again, Err(OpenError::Locked { .. })), "{again:?}");
        let again = restore(&files, Vec::new(), Position(0));
        assert!(matches!(again, Err(OpenError::NotEmpty { .. })), "{again:?}");
    }
}

/// A crash leaves the whole store or none; then it can be restored again.
#[test]
fn restoring_survives_a_crash_at_any_operation() {
    let workload = Workload::new(5, 40);
    let (rows, position) = (workload.rows_at(workload.end()).to_vec(), workload.end());
    let whole = SimFiles::new(6);
    restore(&whole, rows.clone(), position).expect("restored");
    for stop in 0..whole.operations() {
        let files = SimFiles::new(6);
        files.stop_at_operation(stop);
        assert!(restore(&files, rows.clone(), position).is_err(), "operation {stop}");
        for keep in [Keep::Nothing, Keep::Everything, Keep::Subset] {
            let crashed = files.fork();
            crashed.crash(keep);
            match restore(&crashed, rows.clone(), position) {
                Ok(()) | Err(OpenError::NotEmpty { .. }) => {}
                Err(other) => panic!("operation {stop}, {keep:?}: {other}"),
            }
            let store = EmbeddedStore::open(DIR, target(&crashed)).expect("it opens");
            assert!(store.position() == position && workload.matches(&store), "{stop} {keep:?}");
        }
    }
}

#[test]
fn a_failing_source_leaves_no_store() {
    let workload = Workload::new(7, 40);
    let rows = workload.rows_at(workload.end()).iter().cloned().map(Ok);
    let failing = rows.chain([Err("the backup is cut off")]);
    let files = SimFiles::new(8);
    let outcome = EmbeddedStore::restore(DIR, &target(&files), failing, workload.end());
    assert!(matches!(outcome, Err(OpenError::Restore { .. })), "{outcome:?}");
    let opened = EmbeddedStore::open(DIR, target(&files)).map(|store| store.position());
    assert!(matches!(opened, Err(OpenError::Corrupt { .. })), "half a store is none: {opened:?}");
    restore(&files, workload.rows_at(workload.end()).to_vec(), workload.end()).expect("restored");
}
