//! Restoring: a fresh store from the rows of a backup.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_storage::Row;
use fermata_storage::codec::{encode_key_of, encode_row};
use fermata_types::Position;

use crate::checkpoint::{self, CheckpointError, Checkpointer};
use crate::file::{FileLayer, FileLock};
use crate::layers::Delta;
use crate::log::{OpenError, create_after, identify};
use crate::options::Options;
use crate::store::{EmbeddedStore, lock};

impl EmbeddedStore {
    /// Makes a store in a directory that has none, with exactly these rows, at this position: the
    /// next commit has the one after it. Rows may come in any order; of two with one key the
    /// later one counts. Memory stays bounded by the options' delta and cache.
    ///
    /// The store is there when this returns. After a crash or an error before, the directory has
    /// no store, and restoring may be tried again.
    ///
    /// # Errors
    /// The directory has a store or is in use, the source of the rows fails, or the rows cannot be
    /// written.
    pub fn restore<E: Into<Box<dyn Error + Send + Sync>>>(
        dir: impl Into<PathBuf>,
        options: &Options,
        rows: impl IntoIterator<Item = Result<Row, E>>,
        position: Position,
    ) -> Result<(), OpenError> {
        let dir = dir.into();
        let files = options.files.clone();
        let lock = lock(&*files, &dir)?;
        if identify(&*files, &dir)?.is_some() {
            return Err(OpenError::NotEmpty { dir });
        }
        remove_leftovers(&*files, &dir)?;
        let mut target = Target::new(&dir, options, lock, position)?;
        for row in rows {
            let row = row.map_err(|error| OpenError::Restore { source: error.into() })?;
            target.add(&row)?;
        }
        target.flush()?;
        drop(target);
        create_after(dir, options, position)
    }
}

/// What an interrupted attempt has left: without an identity it is nothing.
fn remove_leftovers(files: &dyn FileLayer, dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(checkpoint::NAME);
    match files.remove(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(OpenError::io("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

/// The checkpoint being filled.
struct Target<'a> {
    dir: &'a Path,
    options: &'a Options,
    checkpointer: Checkpointer,
    delta: Delta,
    position: Position,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<'a> Target<'a> {
    fn new(
        dir: &'a Path,
        options: &'a Options,
        lock: Arc<dyn FileLock>,
        position: Position,
    ) -> Result<Self, OpenError> {
        let checkpointer = Checkpointer::open(dir.to_owned(), options.store_id, options, lock)?;
        let (delta, key, value) = (Delta::after(position), Vec::new(), Vec::new());
        Ok(Self { dir, options, checkpointer, delta, position, key, value })
    }

    fn add(&mut self, row: &Row) -> Result<(), OpenError> {
        self.key.clear();
        self.value.clear();
        encode_key_of(row, &mut self.key);
        encode_row(row, &mut self.value);
        self.delta.put(&self.key, &self.value);
        if self.options.is_due(&self.delta) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), OpenError> {
        let delta = std::mem::replace(&mut self.delta, Delta::after(self.position));
        let written = self.checkpointer.write(&delta, &mut || true);
        written.map(|_| ()).map_err(|error| error.opening(self.dir))
    }
}

impl CheckpointError {
    /// As whoever opens or makes a store hears of it.
    pub(crate) fn opening(self, dir: &Path) -> OpenError {
        match self {
            Self::Full => OpenError::StorageFull { dir: dir.to_owned() },
            other => OpenError::Checkpoint { source: Box::new(other) },
        }
    }
}
