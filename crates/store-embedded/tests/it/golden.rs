//! A directory of format version 1, kept for ever: it opens, and today's writer still writes it.
//!
//! `testdata/format-1` was written by the workload below. It is never changed; a later format
//! adds a directory beside it and takes over the test of the writer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_storage::Store;
use fermata_store_embedded::{EmbeddedStore, RealFiles, SimFiles};

use crate::world::{DIR, SEGMENT_BYTES, Workload, open, options};

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/format-1")
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(golden())
        .expect("the directory is there")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("ASCII"))
        .collect();
    names.sort();
    names
}

fn workload() -> Workload {
    Workload::new(1, 14)
}

#[test]
fn format_1_opens() {
    let keep = tempfile::tempdir().expect("a scratch folder");
    for name in names() {
        fs::copy(golden().join(&name), keep.path().join(&name)).expect("copied");
    }
    let real = || {
        let options = options(&SimFiles::new(1), SEGMENT_BYTES).files(Arc::new(RealFiles));
        EmbeddedStore::open(keep.path(), options).expect("it opens")
    };
    let (workload, store) = (workload(), real());
    assert_eq!(store.position(), workload.end());
    assert!(workload.matches(&store), "the rows are those that were written");
    drop(store);
    assert!(workload.matches(&real()), "it opens again");
}

#[test]
fn format_1_is_what_is_written() {
    let files = SimFiles::new(1);
    workload().run(&open(&files).expect("it opens")).expect("committed");
    let mut found = 0;
    for name in names() {
        let stored = fs::read(golden().join(&name)).expect("readable");
        let written = files.read(&Path::new(DIR).join(&name));
        assert!(written.as_deref() == Some(&stored[..]), "{name} differs");
        found += 1;
    }
    assert!(found >= 4, "an identity and three segments");
}
