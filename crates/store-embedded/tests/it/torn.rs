//! A tear at any byte of the last frame: that group is gone, whole, and stays gone.

use std::path::PathBuf;

use fermata_storage::Store;
use fermata_storage::conformance::XorShift;
use fermata_store_embedded::SimFiles;

use crate::world::{Workload, open, segments};

/// A store whose last segment holds several frames, and where the last one lies.
struct Torn {
    workload: Workload,
    files: SimFiles,
    path: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Torn {
    /// The shortest workload whose last two groups lie in the same segment.
    fn new() -> Self {
        (10..40).find_map(Self::of_length).expect("groups are smaller than segments")
    }

    fn of_length(length: usize) -> Option<Self> {
        let (workload, files) = (Workload::new(17, length), SimFiles::new(1));
        let store = open(&files).expect("it opens");
        let last_but_one = fermata_types::Position(workload.end().0 - 1);
        workload.run_to(&store, last_but_one).expect("committed");
        let begun =
            |path: &&PathBuf| files.read(path).is_some_and(|bytes| bytes.first() != Some(&0));
        let path = segments(&files).iter().rfind(begun).expect("a segment").clone();
        let before = files.read(&path).expect("there");
        workload.run(&store).expect("committed");
        drop(store);
        let after = files.read(&path).expect("there");
        (before != after).then_some(Self { workload, files, path, before, after })
    }

    fn frame(&self) -> std::ops::Range<usize> {
        let mut places =
            self.before.iter().zip(&self.after).enumerate().filter(|(_, (old, new))| old != new);
        let first = places.next().expect("a frame was written").0;
        let last = places.next_back().expect("a frame is longer than a byte").0;
        first..(last + 1).next_multiple_of(512)
    }

    /// Opens the files with the segment replaced, and checks that exactly the last group is
    /// missing, or nothing if the frame is whole; then that the store goes on for good.
    fn check(&self, segment: Vec<u8>, what: &str) {
        let whole = segment.get(..self.frame().end) == self.after.get(..self.frame().end);
        let files = self.files.fork();
        files.replace(&self.path, segment);
        let store = open(&files).unwrap_or_else(|error| panic!("{what}: {error}"));
        let expected = self.workload.end().0 - u64::from(!whole);
        assert_eq!(store.position().0, expected, "{what}");
        assert!(self.workload.matches(&store), "{what}");
        drop(store);
        let store = open(&files).unwrap_or_else(|error| panic!("{what}, again: {error}"));
        assert_eq!(store.position().0, expected, "{what}: a torn group never comes back");
        self.workload.run(&store).expect("the store goes on");
        drop(store);
        let store = open(&files).unwrap_or_else(|error| panic!("{what}, at the end: {error}"));
        assert_eq!(store.position(), self.workload.end(), "{what}");
        assert!(self.workload.matches(&store), "{what}");
    }
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_off() {
    let torn = Torn::new();
    let frame = torn.frame();
    assert!(frame.len() >= 512 && frame.start.is_multiple_of(512), "{frame:?}");
    let mut random = XorShift::new(3);
    for at in frame.clone() {
        let start = torn.after.get(..at).expect("inside").to_vec();
        torn.check(start.clone(), &format!("file cut at {at}"));
        let mut zeroed = start.clone();
        zeroed.resize(torn.after.len(), 0);
        torn.check(zeroed, &format!("zeros from {at}"));
        let mut garbage = start;
        garbage.resize_with(frame.end, || random.next_u64() as u8 | 1);
        garbage.resize(torn.after.len(), 0);
        torn.check(garbage, &format!("garbage from {at}"));
    }
}

#[test]
fn any_bit_of_the_last_frame_flipped_is_a_torn_end() {
    let torn = Torn::new();
    for at in torn.frame() {
        let mut flipped = torn.after.clone();
        *flipped.get_mut(at).expect("inside") ^= 1 << (at % 8);
        torn.check(flipped, &format!("bit of byte {at} flipped"));
    }
}

/// What lies behind a torn end can never be taken for a group, however often the store is torn
/// and opened: here a whole later frame lies behind the tear once the log has gone on.
#[test]
fn torn_bytes_are_never_overwritten_nor_read_again() {
    let torn = Torn::new();
    let frame = torn.frame();
    let mut segment = torn.after.clone();
    *segment.get_mut(frame.start).expect("inside") ^= 1;
    let files = torn.files.fork();
    files.replace(&torn.path, segment);
    let before = segments(&files).len();
    drop(open(&files).expect("it opens"));
    let cut = files.read(&torn.path).expect("there");
    assert_eq!(cut.len(), frame.start, "the torn bytes are cut off");
    assert!(segments(&files).len() >= before, "the log goes on in another segment");
    // The cut did not reach the disk: the torn bytes are back, now with a whole frame among them.
    files.replace(&torn.path, torn.after.clone());
    let store = open(&files).expect("it opens");
    assert_eq!(store.position().0, torn.workload.end().0 - 1, "the new segment says where it ends");
}
