//! The simulated disk: what programs see, what is durable, and what a crash makes of the two.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use fermata_storage::conformance::XorShift;

/// Bytes a disk writes as a whole or not at all.
const SECTOR: usize = 512;

/// What a crash keeps of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: only what was synced is there.
    Nothing,
    /// Everything, as after the death of a process on a machine that lives on.
    Everything,
    /// Every unsynced sector, and no unsynced name or length.
    Data,
    /// Every unsynced name and length, and no unsynced sector.
    Names,
    /// An arbitrary subset of sectors, lengths and names, by the disk's seed.
    Subset,
}

/// A deliberate bug of the disk, for tests of the tests: the call succeeds and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// `sync_data` and `sync_all` do nothing.
    SyncFile,
    /// `sync_dir` does nothing.
    SyncDir,
}

/// What was planned to go wrong, by the number of the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// This operation fails; later ones work.
    Fail(io::ErrorKind),
    /// This one and all later ones fail, until a crash.
    Stop,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    /// Names as programs see them.
    names: BTreeMap<PathBuf, u64>,
    /// Names as they are on the disk.
    durable_names: BTreeMap<PathBuf, u64>,
    pub(super) locked: BTreeSet<PathBuf>,
    pub(super) lies: BTreeSet<Lie>,
    pub(super) plan: BTreeMap<u64, Plan>,
    pub(super) operations: u64,
    /// Handles and locks of an earlier generation died in a crash.
    pub(super) generation: u64,
    pub(super) space: Option<u64>,
    random: XorShift,
}

/// A file's bytes.
#[derive(Debug, Clone, Default)]
struct Inode {
    /// As programs see them.
    seen: Vec<u8>,
    /// As they are on the disk.
    durable: Vec<u8>,
    /// Sectors written since the last sync. A failed sync forgets some without writing them.
    dirty: BTreeSet<usize>,
}

impl Disk {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            inodes: BTreeMap::new(),
            next_inode: 1,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            locked: BTreeSet::new(),
            lies: BTreeSet::new(),
            plan: BTreeMap::new(),
            operations: 0,
            generation: 0,
            space: None,
            random: XorShift::new(seed),
        }
    }

    /// Counts an operation and says whether it goes wrong.
    pub(super) fn operate(&mut self, generation: u64) -> io::Result<()> {
        if generation != self.generation {
            return Err(io::Error::other("the machine crashed"));
        }
        let number = self.operations;
        self.operations += 1;
        let planned = self.plan.range(..=number).next_back();
        match planned.map(|(at, plan)| (*at, *plan)) {
            Some((_, Plan::Stop)) => Err(io::Error::other("the machine stopped")),
            Some((at, Plan::Fail(kind))) if at == number => Err(io::Error::from(kind)),
            _ => Ok(()),
        }
    }

    pub(super) fn crash(&mut self, keep: Keep) {
        let paths: BTreeSet<PathBuf> =
            self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        let mut names = BTreeMap::new();
        for path in paths {
            let (seen, durable) = (self.names.get(&path), self.durable_names.get(&path));
            let keeps = match keep {
                Keep::Everything | Keep::Names => true,
                Keep::Nothing | Keep::Data => false,
                Keep::Subset => self.random.below(2) == 0,
            };
            if let Some(inode) = if keeps { seen } else { durable } {
                names.insert(path, *inode);
            }
        }
        let kept: BTreeSet<u64> = names.values().copied().collect();
        self.inodes.retain(|number, _| kept.contains(number));
        for inode in self.inodes.values_mut() {
            inode.crash(keep, &mut self.random);
        }
        self.durable_names = names.clone();
        self.names = names;
        self.locked.clear();
        self.plan.clear();
        self.generation += 1;
    }

    pub(super) fn inode_of(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<u64> {
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(number, Inode::default());
        self.names.insert(path.to_owned(), number);
        Ok(number)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.inode_of(from)?;
        self.names.remove(from);
        self.names.insert(to.to_owned(), inode);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.names.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) {
        if self.lies.contains(&Lie::SyncDir) {
            return;
        }
        let inside = |path: &Path| path.parent() == Some(dir);
        self.durable_names.retain(|path, _| !inside(path));
        let names = self.names.iter().filter(|(path, _)| inside(path));
        self.durable_names.extend(names.map(|(path, inode)| (path.clone(), *inode)));
    }

    pub(super) fn list(&self, dir: &Path) -> Vec<String> {
        let inside = self.names.keys().filter(|path| path.parent() == Some(dir));
        inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
    }

    pub(super) fn bytes(&self, inode: u64) -> io::Result<&[u8]> {
        Ok(&self.inodes.get(&inode).ok_or_else(gone)?.seen)
    }

    pub(super) fn write(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let end = offset + bytes.len();
        self.grow(inode, end)?;
        let inode = self.inodes.get_mut(&inode).ok_or_else(gone)?;
        inode.seen.get_mut(offset..end).ok_or_else(gone)?.copy_from_slice(bytes);
        inode.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
        Ok(())
    }

    /// A write that fails does part of its work.
    pub(super) fn write_part(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let part = self.random.below(bytes.len() + 1);
        self.write(inode, offset, bytes.get(..part).unwrap_or_default())
    }

    /// Bytes of the files that have a name: the others' space is free.
    pub(super) fn used(&self) -> u64 {
        let named: BTreeSet<&u64> = self.names.values().collect();
        named.into_iter().filter_map(|inode| self.inodes.get(inode)).map(Inode::length).sum()
    }

    pub(super) fn grow(&mut self, inode: u64, length: usize) -> io::Result<()> {
        let used = self.used();
        let space = self.space;
        let inode = self.inodes.get_mut(&inode).ok_or_else(gone)?;
        let more = length.saturating_sub(inode.seen.len());
        if space.is_some_and(|space| more > 0 && used + more as u64 > space) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if more > 0 {
            let old = inode.seen.len();
            inode.seen.resize(length, 0);
            // After a cut, the disk may still have other bytes where programs see zeros.
            if inode.durable.len() > old {
                inode.dirty.extend(old / SECTOR..inode.durable.len().div_ceil(SECTOR));
            }
        }
        Ok(())
    }

    pub(super) fn truncate(&mut self, inode: u64, length: usize) -> io::Result<()> {
        self.inodes.get_mut(&inode).ok_or_else(gone)?.seen.truncate(length);
        Ok(())
    }

    pub(super) fn sync(&mut self, inode: u64) -> io::Result<()> {
        if !self.lies.contains(&Lie::SyncFile) {
            let inode = self.inodes.get_mut(&inode).ok_or_else(gone)?;
            inode.durable.resize(inode.seen.len(), 0);
            while let Some(sector) = inode.dirty.pop_first() {
                inode.write_back(sector);
            }
        }
        Ok(())
    }

    /// A sync that fails writes some sectors back and forgets the others: programs still see
    /// them, and no later sync will write them.
    pub(super) fn sync_part(&mut self, inode: u64) -> io::Result<()> {
        let inode = self.inodes.get_mut(&inode).ok_or_else(gone)?;
        inode.durable.resize(inode.seen.len(), 0);
        while let Some(sector) = inode.dirty.pop_first() {
            if self.random.below(2) == 0 {
                inode.write_back(sector);
            }
        }
        Ok(())
    }

    /// Replaces a file's bytes on the disk and for programs.
    pub(super) fn replace(&mut self, path: &Path, bytes: Vec<u8>) -> io::Result<()> {
        let number = match self.inode_of(path) {
            Ok(number) => number,
            Err(_) => self.create(path)?,
        };
        let inode = Inode { seen: bytes.clone(), durable: bytes, dirty: BTreeSet::new() };
        self.inodes.insert(number, inode);
        self.durable_names.insert(path.to_owned(), number);
        Ok(())
    }
}

impl Inode {
    const fn length(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Copies a sector to the disk, as far as the file reaches there.
    fn write_back(&mut self, sector: usize) {
        let start = sector * SECTOR;
        let end = (start + SECTOR).min(self.seen.len()).min(self.durable.len());
        let (to, from) = (self.durable.get_mut(start..end), self.seen.get(start..end));
        if let (Some(to), Some(from)) = (to, from) {
            to.copy_from_slice(from);
        }
    }

    fn crash(&mut self, keep: Keep, random: &mut XorShift) {
        let keeps_length = match keep {
            Keep::Everything | Keep::Names => true,
            Keep::Nothing | Keep::Data => false,
            Keep::Subset => random.below(2) == 0,
        };
        if keeps_length {
            self.durable.resize(self.seen.len(), 0);
        }
        while let Some(sector) = self.dirty.pop_first() {
            let keeps = match keep {
                Keep::Everything | Keep::Data => true,
                Keep::Nothing | Keep::Names => false,
                Keep::Subset => random.below(2) == 0,
            };
            if keeps {
                self.write_back(sector);
            }
        }
        self.seen = self.durable.clone();
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}
