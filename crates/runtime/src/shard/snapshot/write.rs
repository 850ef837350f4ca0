//! A snapshot encoded: work for a thread that may take its time, on a copy that shares its pages
//! with the run, which goes on meanwhile.

use bytes::Bytes;
use fermata_decider::Run;
use fermata_decider::run::snapshot::{Head, encode_page};
use fermata_storage::{SnapshotKey, SnapshotRow};
use fermata_types::RunId;

use super::limits::CHUNK_BYTES;
use super::root::{self, Chunks, Written};

/// A snapshot to be encoded.
#[derive(Debug)]
pub struct Job {
    /// Names the job: a machine that has begun anew does not know it any more.
    pub(super) ticket: u64,
    /// The run between two turns.
    pub(super) run: Run,
    /// Which of its pages differ from those written.
    pub(super) changed: Vec<bool>,
    /// The snapshot before.
    pub(super) before: Written,
}

/// An encoded snapshot, to be staged.
#[derive(Debug)]
pub struct Encoded {
    pub(super) run: RunId,
    pub(super) ticket: u64,
    /// Chunks that are new, in the order they are staged.
    pub(super) chunks: Vec<SnapshotRow>,
    /// The head, staged last.
    pub(super) root: SnapshotRow,
    /// Chunks that only the snapshot before named.
    pub(super) replaced: Vec<SnapshotKey>,
    pub(super) written: Written,
}

impl Job {
    /// The run it is of.
    #[must_use]
    pub const fn run(&self) -> RunId {
        self.run.id
    }

    /// Encodes what has changed. Takes time in proportion to that.
    #[must_use]
    pub fn encode(self) -> Encoded {
        let Self { ticket, run, changed, before } = self;
        let mut writer = Writer { run: run.id, next: before.next.max(1), chunks: Vec::new() };
        let mut replaced: Vec<u32> = before.head.numbers().collect();
        let mut pages = Vec::with_capacity(run.tasks.pages().len());
        for (at, page) in run.tasks.pages().iter().enumerate() {
            let known = before.pages.get(at).copied();
            match known.filter(|_| changed.get(at) == Some(&false)) {
                Some(unchanged) => pages.push(unchanged),
                None => {
                    replaced.extend(known.into_iter().flat_map(Chunks::numbers));
                    pages.push(writer.write(encode_page(page)));
                }
            }
        }
        let gone = before.pages.iter().skip(pages.len());
        replaced.extend(gone.flat_map(|chunks| chunks.numbers()));
        let head = writer.write(root::put(&Head::of(&run)));
        let Writer { next, chunks, .. } = writer;
        let definition = run.definition.hash.0;
        let written = Written { last: run.last, definition, head, pages, next };
        let key = |chunk| SnapshotKey { run: run.id, chunk };
        let root = SnapshotRow { key: key(0), bytes: Bytes::from(root::put(&written)) };
        let replaced = replaced.into_iter().map(key).collect();
        Encoded { run: run.id, ticket, chunks, root, replaced, written }
    }
}

struct Writer {
    run: RunId,
    next: u32,
    chunks: Vec<SnapshotRow>,
}

impl Writer {
    fn write(&mut self, bytes: Vec<u8>) -> Chunks {
        let first = self.next;
        let mut rest = Bytes::from(bytes);
        while !rest.is_empty() {
            let bytes = rest.split_to(rest.len().min(CHUNK_BYTES));
            let key = SnapshotKey { run: self.run, chunk: self.next };
            self.chunks.push(SnapshotRow { key, bytes });
            self.next = self.next.saturating_add(1);
        }
        Chunks { first, count: self.next.saturating_sub(first) }
    }
}
