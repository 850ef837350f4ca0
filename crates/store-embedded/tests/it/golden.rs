//! A directory of format version 1, kept for ever: it opens, and today's writer still writes it.
//!
//! `testdata/format-1` was written by the workload below. It is never changed; a later format
//! adds a directory beside it and takes over the test of the writer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_storage::Store;
use fermata_store_embedded::{EmbeddedStore, RealFiles, SimFiles};
use redb::{ReadableDatabase, ReadableTable};

use crate::world::{DELTA_BYTES, DIR, Kind, SEGMENT_BYTES, Workload, open, open_as, options};

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

/// A checkpoint of format 1 opens for ever, and so does what the log holds after it.
#[test]
fn a_checkpoint_of_format_1_opens() {
    let keep = tempfile::tempdir().expect("a scratch folder");
    for entry in fs::read_dir(golden_checkpoint()).expect("the directory is there") {
        let path = entry.expect("readable").path();
        fs::copy(&path, keep.path().join(path.file_name().expect("a file"))).expect("copied");
    }
    let (workload, files) = (Workload::new(1, 40), SimFiles::new(1));
    let options = options(&files, SEGMENT_BYTES).delta_bytes(DELTA_BYTES);
    let options = options.files(Arc::new(RealFiles));
    let store = EmbeddedStore::open(keep.path(), options).expect("it opens");
    assert_eq!(store.position(), workload.end());
    assert!(workload.matches(&store), "the rows are those that were written");
}

fn golden_checkpoint() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/checkpoint-1")
}

/// The bytes inside the file, as `docs/formats/checkpoint.md` describes them: redb's own pages
/// are redb's business.
#[test]
fn checkpoint_format_1_is_what_is_written() {
    let (files, workload) = (SimFiles::new(1), Workload::new(1, 40));
    workload.run(&*open_as(&files, Kind::Layered).expect("it opens")).expect("committed");
    let keep = tempfile::tempdir().expect("a scratch folder");
    let (written, golden) = (keep.path().join("written"), keep.path().join("golden"));
    let bytes = files.read(&Path::new(DIR).join("checkpoint.redb")).expect("there");
    fs::write(&written, bytes).expect("written");
    fs::copy(golden_checkpoint().join("checkpoint.redb"), &golden).expect("copied");
    assert_eq!(contents(&written), contents(&golden));
    assert!(contents(&golden).len() > 20, "there are rows in it");
}

/// All entries of both tables, in order.
fn contents(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let database = redb::Database::open(path).expect("redb opens it");
    let read = database.begin_read().expect("readable");
    let about: redb::ReadOnlyTable<&str, &[u8]> =
        read.open_table(redb::TableDefinition::new("about")).expect("there");
    let rows: redb::ReadOnlyTable<&[u8], &[u8]> =
        read.open_table(redb::TableDefinition::new("rows")).expect("there");
    let mut found = Vec::new();
    for entry in about.iter().expect("readable") {
        let (name, value) = entry.expect("readable");
        found.push((name.value().as_bytes().to_vec(), value.value().to_vec()));
    }
    for entry in rows.iter().expect("readable") {
        let (key, value) = entry.expect("readable");
        found.push((key.value().to_vec(), value.value().to_vec()));
    }
    found
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
