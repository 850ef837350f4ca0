//! Writes gathered: pages come one by one in no order; they are written in order, neighbours in
//! one piece.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::file::FileHandle;

/// Bytes of a block: redb's smallest page.
const BLOCK: usize = 4096;
/// Most bytes of one piece. With larger ones the kernel counted three times the bytes written,
/// most likely because its cache then keeps larger units and dirties all of one for every page.
const PIECE: usize = 32 << 10;

type Blocks = BTreeMap<u64, Box<[u8]>>;

/// A file whose writes wait in memory until there are enough of them, or [`Gather::flush`].
pub(super) struct Gather {
    file: Box<dyn FileHandle>,
    /// Blocks in memory that are enough for a flush.
    enough: usize,
    waiting: RwLock<Waiting>,
    /// Held while waiting blocks are written; how that failed, if it did.
    flushing: Mutex<Option<io::ErrorKind>>,
}

/// Blocks that are not in the file yet, by their number.
#[derive(Default)]
struct Waiting {
    blocks: Blocks,
    /// Those that are being written right now: older than the others, newer than the file.
    leaving: Arc<Blocks>,
}

impl Gather {
    pub(super) fn new(file: Box<dyn FileHandle>, bytes: usize) -> Self {
        Self { file, enough: bytes / BLOCK, waiting: RwLock::default(), flushing: Mutex::default() }
    }

    pub(super) fn file(&self) -> &dyn FileHandle {
        &*self.file
    }

    /// Notes a write; true says that enough wait for a flush. Whole blocks only: anything else
    /// is written at once, behind what waits.
    pub(super) fn write(&self, offset: u64, data: &[u8]) -> io::Result<bool> {
        let is_whole = offset.is_multiple_of(BLOCK as u64) && data.len().is_multiple_of(BLOCK);
        if !is_whole {
            self.flush()?;
            self.file.write_at(offset, data)?;
            return Ok(false);
        }
        let mut waiting = self.waiting_mut();
        for (number, block) in (offset / BLOCK as u64..).zip(data.chunks_exact(BLOCK)) {
            waiting.blocks.insert(number, block.into());
        }
        Ok(waiting.blocks.len() >= self.enough)
    }

    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        // The blocks first: one that leaves meanwhile is in the file before it is gone here.
        let first = offset / BLOCK as u64;
        let end = (offset + out.len() as u64).div_ceil(BLOCK as u64);
        let found: Vec<(u64, Box<[u8]>)> = {
            let waiting = self.waiting();
            let find = |number| {
                waiting.blocks.get(&number).or_else(|| waiting.leaving.get(&number)).cloned()
            };
            (first..end).filter_map(|number| Some((number, find(number)?))).collect()
        };
        let is_all = offset.is_multiple_of(BLOCK as u64) && found.len() * BLOCK == out.len();
        if !is_all {
            self.file.read_at(offset, out)?;
        }
        for (number, block) in found {
            overlay(number * BLOCK as u64, &block, offset, out);
        }
        Ok(())
    }

    /// Writes all that waits. Nothing is synced. Once it has failed it always fails: what did not
    /// reach the file stays here to be read, and newer blocks must not take its place.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut failed = self.flushing();
        let leaving = {
            let mut waiting = self.waiting_mut();
            if !waiting.leaving.is_empty() {
                return Err(failed.unwrap_or(io::ErrorKind::Other).into());
            }
            if waiting.blocks.is_empty() {
                return Ok(());
            }
            waiting.leaving = Arc::new(std::mem::take(&mut waiting.blocks));
            waiting.leaving.clone()
        };
        self.write_blocks(&leaving).inspect_err(|error| *failed = Some(error.kind()))?;
        self.waiting_mut().leaving = Arc::default();
        Ok(())
    }

    fn write_blocks(&self, blocks: &Blocks) -> io::Result<()> {
        let (mut piece, mut start) = (Vec::with_capacity(PIECE), 0);
        for (number, block) in blocks {
            let is_next = start + (piece.len() / BLOCK) as u64 == *number;
            if !is_next || piece.len() >= PIECE {
                self.write_piece(start, &piece)?;
                piece.clear();
                start = *number;
            }
            piece.extend_from_slice(block);
        }
        self.write_piece(start, &piece)
    }

    fn write_piece(&self, start: u64, piece: &[u8]) -> io::Result<()> {
        if piece.is_empty() { Ok(()) } else { self.file.write_at(start * BLOCK as u64, piece) }
    }

    // Maps are changed entry by entry; after a panic in between, no commit follows.
    fn waiting(&self) -> RwLockReadGuard<'_, Waiting> {
        self.waiting.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting_mut(&self) -> RwLockWriteGuard<'_, Waiting> {
        self.waiting.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn flushing(&self) -> MutexGuard<'_, Option<io::ErrorKind>> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies the part of a block that a buffer covers; both say where in the file they start.
fn overlay(block_start: u64, block: &[u8], start: u64, out: &mut [u8]) {
    let skip_block = usize::try_from(start.saturating_sub(block_start)).unwrap_or(usize::MAX);
    let skip_out = usize::try_from(block_start.saturating_sub(start)).unwrap_or(usize::MAX);
    let (from, to) = (block.get(skip_block..), out.get_mut(skip_out..));
    let (Some(from), Some(to)) = (from, to) else { return };
    let length = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fermata_storage::conformance::XorShift;

    use super::*;
    use crate::file::{FileLayer, SimFiles};

    #[test]
    fn blocks_of_a_failed_flush_are_not_forgotten() {
        let files = SimFiles::new(1);
        let gather = Gather::new(files.create(Path::new("/a/file")).expect("created"), 1 << 20);
        gather.file().set_length(2 * BLOCK as u64).expect("long enough");
        gather.write(0, &[1; 2 * BLOCK]).expect("noted");
        files.fail_operation(files.operations(), io::ErrorKind::StorageFull);
        for _ in 0..2 {
            let failed = gather.flush().expect_err("the first write fails, and so do all others");
            assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
            gather.write(0, &[2; BLOCK]).expect("noted");
        }
        let mut bytes = vec![0; 2 * BLOCK];
        gather.read(0, &mut bytes).expect("read");
        assert_eq!(bytes, [[2; BLOCK], [1; BLOCK]].concat());
    }

    /// Random writes, reads and flushes give what a plain file would give.
    #[test]
    fn behaves_like_a_file() {
        let files = SimFiles::new(1);
        let gather = Gather::new(files.create(Path::new("/a/file")).expect("created"), 1 << 20);
        let length = 40 * BLOCK;
        gather.file().set_length(length as u64).expect("long enough");
        let (mut model, mut random) = (vec![0_u8; length], XorShift::new(5));
        for step in 0..3000 {
            let (block, count) = (random.below(36), 1 + random.below(4));
            let (mut start, mut size) = (block * BLOCK, count * BLOCK);
            if random.below(4) == 0 {
                (start, size) = (start + random.below(300), 1 + random.below(size - 300));
            }
            match random.below(5) {
                0 => gather.flush().expect("flushed"),
                1 | 2 => {
                    let bytes = vec![random.next_u64() as u8; size];
                    gather.write(start as u64, &bytes).expect("written");
                    model.get_mut(start..start + size).expect("in").copy_from_slice(&bytes);
                }
                _ => {
                    let mut bytes = vec![0; size];
                    gather.read(start as u64, &mut bytes).expect("read");
                    assert!(model.get(start..start + size) == Some(&bytes[..]), "step {step}");
                }
            }
        }
        gather.flush().expect("flushed");
        assert!(files.read(Path::new("/a/file")).expect("there") == model);
    }
}
