//! Damage that no crash explains is loud, and names file and offset.

use std::path::{Path, PathBuf};

use fermata_storage::Store;
use fermata_store_embedded::{EmbeddedStore, OpenError, Options, SimFiles, StoreId};
use fermata_types::Position;

use crate::world::{DIR, Workload, open, options, segments};

/// A store of several segments; the last that has begun holds several frames.
fn store() -> (SimFiles, Workload, Vec<PathBuf>) {
    (12..40).find_map(store_of).expect("groups are smaller than segments")
}

fn store_of(length: usize) -> Option<(SimFiles, Workload, Vec<PathBuf>)> {
    let (files, workload) = (SimFiles::new(1), Workload::new(17, length));
    let store = open(&files).expect("it opens");
    workload.run(&store).expect("committed");
    let begun = |path: &PathBuf| files.read(path).is_some_and(|bytes| bytes.first() != Some(&0));
    let paths: Vec<_> = segments(&files).into_iter().filter(begun).collect();
    let last = files.read(paths.last()?)?;
    (paths.len() >= 3 && last_frame(&last) > 512).then_some((files, workload, paths))
}

/// Where the bytes that count end: the last sector that is not zero.
fn used(bytes: &[u8]) -> usize {
    let last = bytes.iter().rposition(|byte| *byte != 0).expect("not empty");
    (last + 1).next_multiple_of(512)
}

/// Where the last frame of a segment starts.
fn last_frame(bytes: &[u8]) -> usize {
    (512..used(bytes))
        .step_by(512)
        .rfind(|at| bytes.get(*at..*at + 4) == Some(b"FRM1"))
        .expect("a frame")
}

fn expect_corrupt(files: &SimFiles, what: &str) -> (PathBuf, u64) {
    match open(files) {
        Err(OpenError::Corrupt { file, offset, .. }) => (file, offset),
        Err(other) => panic!("{what}: {other}"),
        Ok(store) => panic!("{what}: opened at position {}", store.position()),
    }
}

#[test]
fn any_flipped_bit_before_the_last_frame_is_loud() {
    let (files, workload, paths) = store();
    let last = paths.last().expect("several");
    for path in &paths {
        let bytes = files.read(path).expect("there");
        let loud = if path == last { last_frame(&bytes) } else { used(&bytes) };
        for at in 0..loud {
            let damaged_files = files.fork();
            let mut damaged = bytes.clone();
            *damaged.get_mut(at).expect("inside") ^= 1 << (at % 8);
            damaged_files.replace(path, damaged);
            let what = format!("byte {at} of {}", path.display());
            let (file, offset) = expect_corrupt(&damaged_files, &what);
            assert_eq!(file, *path, "{what}");
            assert!(offset as usize <= at, "{what}: found at {offset}");
        }
        // Behind the last frame of a segment that was left nothing counts.
        for at in (loud..bytes.len()).step_by(97).filter(|_| path != last) {
            let damaged_files = files.fork();
            let mut damaged = bytes.clone();
            *damaged.get_mut(at).expect("inside") ^= 1;
            damaged_files.replace(path, damaged);
            let store = open(&damaged_files).expect("harmless");
            assert!(store.position() == workload.end() && workload.matches(&store));
        }
    }
}

#[test]
fn a_damaged_or_missing_identity_is_loud() {
    let (files, _, _) = store();
    let path = Path::new(DIR).join("store.id");
    let bytes = files.read(&path).expect("there");
    for at in 0..bytes.len() {
        let damaged_files = files.fork();
        let mut damaged = bytes.clone();
        *damaged.get_mut(at).expect("inside") ^= 1 << (at % 8);
        damaged_files.replace(&path, damaged);
        assert_eq!(expect_corrupt(&damaged_files, "flipped").0, path);
    }
    files.replace(&path, Vec::new());
    assert_eq!(expect_corrupt(&files, "empty").0, path);
    let renamed = files.fork();
    fermata_store_embedded::FileLayer::remove(&renamed, &path).expect("removed");
    assert_eq!(expect_corrupt(&renamed, "missing").0, path);
}

#[test]
fn missing_exchanged_and_foreign_segments_are_loud() {
    let (files, _, paths) = store();
    let [first, second, third] = paths.first_chunk::<3>().expect("several");
    let read = |path: &Path| files.read(path).expect("there");
    let remove = |files: &SimFiles, path: &Path| {
        fermata_store_embedded::FileLayer::remove(files, path).expect("removed");
    };

    let missing = files.fork();
    remove(&missing, first);
    assert_eq!(expect_corrupt(&missing, "first missing"), (first.clone(), 0));
    let missing = files.fork();
    remove(&missing, second);
    assert_eq!(expect_corrupt(&missing, "second missing"), (second.clone(), 0));
    let missing = files.fork();
    paths.iter().chain(&segments(&files)).for_each(|path| {
        let _ = fermata_store_embedded::FileLayer::remove(&missing, path);
    });
    assert_eq!(expect_corrupt(&missing, "all missing"), (first.clone(), 0));

    let exchanged = files.fork();
    exchanged.replace(second, read(third));
    assert_eq!(expect_corrupt(&exchanged, "third as second"), (second.clone(), 0));

    let zeroed = files.fork();
    zeroed.replace(second, vec![0; 4096]);
    assert_eq!(expect_corrupt(&zeroed, "second zeroed"), (second.clone(), 0));

    let foreign_files = SimFiles::new(2);
    let foreign_options =
        Options::new(StoreId([7; 16])).files(std::sync::Arc::new(foreign_files.clone()));
    drop(EmbeddedStore::open(DIR, foreign_options.segment_bytes(4096)).expect("it opens"));
    let foreign = files.fork();
    foreign.replace(first, foreign_files.read(first).expect("there"));
    assert_eq!(expect_corrupt(&foreign, "of another store"), (first.clone(), 0));
}

#[test]
fn a_newer_format_is_not_touched() {
    let (files, _, _) = store();
    let path = Path::new(DIR).join("store.id");
    let mut bytes = files.read(&path).expect("there");
    bytes.truncate(28);
    *bytes.get_mut(11).expect("inside") = 2;
    let crc = crc32c::crc32c(&bytes);
    bytes.extend(crc.to_be_bytes());
    files.replace(&path, bytes);
    let opened = open(&files).map(|store| store.position());
    assert!(matches!(opened, Err(OpenError::UnknownVersion { version: 2, .. })), "{opened:?}");
}

#[test]
fn other_files_and_an_interrupted_creation_are_no_damage() {
    let files = SimFiles::new(1);
    files.replace(&Path::new(DIR).join("notes.txt"), b"mine".to_vec());
    files.replace(&Path::new(DIR).join("segment-0000000001.log"), vec![0; 4096]);
    files.replace(&Path::new(DIR).join("store.id.new"), b"FERM".to_vec());
    let store = EmbeddedStore::open(DIR, options(&files, 4096)).expect("it opens");
    assert_eq!(store.position(), Position(0));
    assert_eq!(files.read(&Path::new(DIR).join("notes.txt")).as_deref(), Some(&b"mine"[..]));
}
