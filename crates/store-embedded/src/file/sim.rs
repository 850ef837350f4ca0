//! Simulated files: in memory, from a seed, crashing and failing on demand.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::layer::{FileHandle, FileLayer, FileLock};
use super::sim_disk::{Disk, Keep, Lie, Plan};

/// Simulated files. Clones share one disk; [`SimFiles::fork`] makes another.
///
/// What programs see and what is durable are kept apart, by sectors of 512 bytes, by length and
/// by name. [`SimFiles::crash`] decides what becomes of the difference, ends all locks and makes
/// every handle opened before fail. Deterministic: the seed and the calls decide everything.
/// Directories are there by being named.
#[derive(Debug, Clone)]
pub struct SimFiles {
    disk: Arc<Mutex<Disk>>,
}

impl SimFiles {
    /// An empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { disk: Arc::new(Mutex::new(Disk::new(seed))) }
    }

    /// A disk of its own in the same state. Handles and locks stay with the old one.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut disk = self.disk().clone();
        disk.locked.clear();
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    /// The machine dies and comes back: `keep` says what is left of what was not synced. Plans
    /// for failures end.
    pub fn crash(&self, keep: Keep) {
        self.disk().crash(keep);
    }

    /// How many operations were asked for so far, reads and failed ones included.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Makes the operation with this number fail (they are counted from 0): a write does part
    /// of its work, a sync writes some sectors back and forgets the others, anything else does
    /// nothing. Any kind but `Other`, which is how a machine answers that has stopped.
    pub fn fail_operation(&self, number: u64, kind: io::ErrorKind) {
        self.disk().plan.insert(number, Plan::Fail(kind));
    }

    /// Makes this operation and all later ones fail without doing anything, until a crash.
    pub fn stop_at_operation(&self, number: u64) {
        self.disk().plan.insert(number, Plan::Stop);
    }

    /// Limits the bytes of all files together; over it, growing a file fails with `StorageFull`.
    pub fn limit_space(&self, bytes: Option<u64>) {
        self.disk().space = bytes;
    }

    /// Bytes of all files together, as [`SimFiles::limit_space`] counts them.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.disk().used()
    }

    /// Builds a deliberate bug into the disk.
    pub fn lie(&self, lie: Lie) {
        self.disk().lies.insert(lie);
    }

    /// A file's bytes as programs see them.
    #[must_use]
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let disk = self.disk();
        let inode = disk.inode_of(path).ok()?;
        disk.bytes(inode).ok().map(<[u8]>::to_vec)
    }

    /// Replaces or makes a file, durably: damage from outside.
    ///
    /// # Panics
    /// Never: a name that is free can be taken.
    pub fn replace(&self, path: &Path, bytes: Vec<u8>) {
        self.disk().replace(path, bytes).expect("a name that is free can be taken");
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        // Tests panic while they hold it; the disk of a failed test matters to nobody.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation by whoever runs now.
    fn operate(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.disk();
        let generation = disk.generation;
        disk.operate(generation)?;
        Ok(disk)
    }

    fn handle(&self, disk: &Disk, inode: u64) -> Box<dyn FileHandle> {
        Box::new(SimFile { files: self.clone(), inode, generation: disk.generation })
    }
}

impl FileLayer for SimFiles {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        self.operate().map(|_| ())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        Ok(self.operate()?.list(dir))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut disk = self.operate()?;
        if !disk.locked.insert(path.to_owned()) {
            return Ok(None);
        }
        let (files, generation) = (self.clone(), disk.generation);
        Ok(Some(Box::new(SimLock { files, path: path.to_owned(), generation })))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        let mut disk = self.operate()?;
        let inode = disk.create(path)?;
        Ok(self.handle(&disk, inode))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        let disk = self.operate()?;
        let inode = disk.inode_of(path)?;
        Ok(self.handle(&disk, inode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate()?.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate()?.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.operate()?.sync_dir(dir);
        Ok(())
    }
}

/// An open simulated file.
struct SimFile {
    files: SimFiles,
    inode: u64,
    generation: u64,
}

impl SimFile {
    fn operate(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.files.disk();
        disk.operate(self.generation)?;
        Ok(disk)
    }

    /// Runs `work`, or, if a planned failure hits this very operation, `part` of it.
    fn try_operate(
        &self,
        work: impl FnOnce(&mut Disk) -> io::Result<()>,
        part: impl FnOnce(&mut Disk) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut disk = self.files.disk();
        match disk.operate(self.generation) {
            Ok(()) => work(&mut disk),
            // `Other` is how a stopped machine answers: it does nothing at all.
            Err(error) if error.kind() == io::ErrorKind::Other => Err(error),
            Err(error) => {
                part(&mut disk)?;
                Err(error)
            }
        }
    }

    fn sync(&self) -> io::Result<Duration> {
        let inode = self.inode;
        self.try_operate(|disk| disk.sync(inode), |disk| disk.sync_part(inode))?;
        Ok(Duration::ZERO)
    }
}

impl FileHandle for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.operate()?.bytes(self.inode)?.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let disk = self.operate()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = disk.bytes(self.inode)?.get(offset..offset + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let inode = self.inode;
        self.try_operate(
            |disk| disk.write(inode, offset, bytes),
            |disk| disk.write_part(inode, offset, bytes),
        )
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.operate()?.grow(self.inode, length)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut disk = self.operate()?;
        disk.grow(self.inode, length)?;
        disk.truncate(self.inode, length)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.operate()?.truncate(self.inode, length)
    }

    fn sync_data(&self) -> io::Result<Duration> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<Duration> {
        self.sync()
    }
}

/// A held lock of the simulation.
struct SimLock {
    files: SimFiles,
    path: PathBuf,
    generation: u64,
}

impl FileLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut disk = self.files.disk();
        // A crash has ended the lock already, and someone else may hold it now.
        if disk.generation == self.generation {
            disk.locked.remove(&self.path);
        }
    }
}
