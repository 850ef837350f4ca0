//! Uploaded payloads as files of one folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use fermata_types::{Span, Timestamp};

use super::{FileError, PayloadFiles, PayloadId};

/// Files a folder may hold.
const FILES_MAX: usize = 100_000;
/// How far ahead of ours the clock of the server that gave out an id may be.
const AHEAD_MAX: Span = Span::from_seconds(60);

/// What a folder may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskLimits {
    /// Bytes of all files.
    pub bytes: u64,
    /// Age at which a file goes, counted from when its location was given out.
    pub age: Span,
}

impl Default for DiskLimits {
    /// 1 GiB for a day.
    fn default() -> Self {
        Self { bytes: 1 << 30, age: Span::from_seconds(86_400) }
    }
}

/// A folder of payloads, one file each, named by their ids. Files that have reached their age go
/// when the folder is opened and whenever another one comes.
#[derive(Debug)]
pub struct DiskFiles {
    folder: PathBuf,
    limits: DiskLimits,
    known: Mutex<Known>,
}

/// Sizes of the files by id: ids are in the order of their times.
#[derive(Debug, Default)]
struct Known {
    sizes: BTreeMap<PayloadId, u64>,
    bytes: u64,
    /// Numbers unfinished files.
    writes: u64,
}

impl DiskFiles {
    /// Opens a folder, made if it is not there. Unfinished files of an earlier life go; files that
    /// are not ours stay.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: &Path, limits: DiskLimits, now: Timestamp) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut known = Known::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if name.strip_prefix(UNFINISHED).is_some() {
                fs::remove_file(entry.path())?;
            } else if let Some(id) = name.strip_suffix(".json").and_then(PayloadId::parse) {
                known.add(id, entry.metadata()?.len());
            }
        }
        let files = Self { folder: folder.to_owned(), limits, known: Mutex::new(known) };
        files.sweep(now);
        Ok(files)
    }

    fn path(&self, id: &PayloadId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes files that have reached their age.
    fn sweep(&self, now: Timestamp) {
        let mut known = self.known();
        while let Some((id, _)) = known.sizes.first_key_value() {
            if now.since(id.given_out()) < self.limits.age {
                break;
            }
            let id = id.clone();
            match fs::remove_file(self.path(&id)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%id, %error, "an old uploaded payload cannot be removed");
                    break;
                }
                _ => known.remove(&id),
            }
        }
    }

    /// Takes room for a file before it is written; answers the number of its unfinished form.
    fn reserve(&self, id: &PayloadId, size: u64) -> Result<u64, FileError> {
        let mut known = self.known();
        let before = known.sizes.get(id).copied().unwrap_or(0);
        let is_new = before == 0;
        let wanted = known.bytes.saturating_sub(before).saturating_add(size);
        if wanted > self.limits.bytes || is_new && known.sizes.len() >= FILES_MAX {
            return Err(FileError::Full);
        }
        known.add(id.clone(), size);
        known.writes += 1;
        Ok(known.writes)
    }

    fn write(&self, id: &PayloadId, bytes: &[u8], number: u64) -> io::Result<()> {
        let unfinished = self.folder.join(format!("{UNFINISHED}{number}"));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let placed = written.and_then(|()| fs::rename(&unfinished, self.path(id)));
        if placed.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        placed?;
        File::open(&self.folder)?.sync_all()
    }
}

/// How the names of files begin that are still being written.
const UNFINISHED: &str = "unfinished-";

impl Known {
    fn add(&mut self, id: PayloadId, size: u64) {
        let before = self.sizes.insert(id, size).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(size);
    }

    fn remove(&mut self, id: &PayloadId) {
        let size = self.sizes.remove(id).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(size);
    }
}

impl PayloadFiles for DiskFiles {
    fn put(&self, id: &PayloadId, bytes: &[u8], now: Timestamp) -> Result<(), FileError> {
        self.sweep(now);
        let age = now.since(id.given_out());
        let is_ahead = id.given_out() > now.after(AHEAD_MAX);
        if is_ahead || age >= self.limits.age {
            return Err(FileError::Expired);
        }
        let number = self.reserve(id, bytes.len() as u64)?;
        let written = self.write(id, bytes, number);
        if written.is_err() {
            // Whatever is there now is counted as nothing until it is written again or goes.
            self.known().remove(id);
        }
        Ok(written?)
    }

    fn get(&self, id: &PayloadId, at_most: usize) -> Result<Option<Bytes>, FileError> {
        let file = match File::open(self.path(id)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        file.take(at_most as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > at_most {
            let what = format!("{id} is larger than {at_most} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
        }
        Ok(Some(Bytes::from(bytes)))
    }
}
