//! The checkpoint's file: one redb database, written one delta at a time.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use fermata_storage::codec::decode_row;
use fermata_storage::{Family, Row};
use fermata_types::{Position, ShardEpoch, ShardId};
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, Table};

use super::backend::{Backend, Health};
use super::error::CheckpointError;
use super::stored::{ABOUT, CheckpointView, FORMAT, POSITION, ROWS, STORE, VERSION, encode};
use crate::file::{FileHandle, FileLayer, FileLock};
use crate::layers::Delta;
use crate::log::{OpenError, StoreId};

/// Name of the checkpoint's file.
pub(crate) const NAME: &str = "checkpoint.redb";
/// Name the first one is written under, until it is whole.
pub(super) const NEW_NAME: &str = "checkpoint.redb.new";
/// Bytes of rows between two looks at whether to rest or to stop.
const REST_AFTER: usize = 64 << 10;

/// Called now and then while a checkpoint is written: may rest, and says whether to go on.
pub(crate) type Rest<'a> = &'a mut dyn FnMut() -> bool;

/// Memory the file may use, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// For pages.
    pub(super) cache_bytes: usize,
    /// For writes, until they are written and synced.
    pub(super) sync_bytes: usize,
}

/// The open file.
pub(crate) struct CheckpointFile {
    database: Database,
    health: Arc<Health>,
    store_id: StoreId,
    /// The directory stays in use as long as somebody reads.
    _lock: Arc<dyn FileLock>,
}

impl CheckpointFile {
    /// Opens the checkpoint of a directory, if there is one; says its position.
    pub(super) fn open(
        files: &dyn FileLayer,
        dir: &Path,
        store_id: StoreId,
        memory: Memory,
        lock: Arc<dyn FileLock>,
    ) -> Result<Option<(Self, Position)>, OpenError> {
        let path = dir.join(NAME);
        let handle = match files.open(&path) {
            Ok(handle) => handle,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::io("open", &path)(error)),
        };
        if handle.length().map_err(OpenError::io("measure", &path))? == 0 {
            return Err(OpenError::corrupt(&path, 0, "an empty checkpoint"));
        }
        let file = Self::with(handle, store_id, memory, lock);
        let file = file.map_err(|error| unusable(&path, error))?;
        let position = file.check(&path)?;
        Ok(Some((file, position)))
    }

    /// A database over a file: an empty one becomes an empty database.
    pub(super) fn with(
        handle: Box<dyn FileHandle>,
        store_id: StoreId,
        memory: Memory,
        lock: Arc<dyn FileLock>,
    ) -> Result<Self, redb::Error> {
        let health = Arc::new(Health::default());
        let backend = Backend::new(handle, health.clone(), memory.sync_bytes);
        let mut builder = Builder::new();
        builder.set_cache_size(memory.cache_bytes);
        let database = builder.create_with_backend(backend)?;
        Ok(Self { database, health, store_id, _lock: lock })
    }

    /// Reads what the file says of itself.
    fn check(&self, path: &Path) -> Result<Position, OpenError> {
        let wrong = |what: &str| OpenError::corrupt(path, 0, what);
        let about = |name| self.about(name).map_err(|error| unusable(path, error));
        let version =
            about(FORMAT)?.and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
        match version {
            Some(VERSION) => {}
            Some(version) => {
                return Err(OpenError::UnknownVersion { file: path.to_owned(), version });
            }
            None => return Err(wrong("a checkpoint without a format version")),
        }
        if about(STORE)?.as_deref() != Some(&self.store_id.0) {
            return Err(wrong("a checkpoint of another store"));
        }
        let position = about(POSITION)?.and_then(|bytes| bytes.try_into().ok());
        let position = position.ok_or_else(|| wrong("a checkpoint without a position"))?;
        Ok(Position(u64::from_be_bytes(position)))
    }

    fn about(&self, name: &str) -> Result<Option<Vec<u8>>, redb::Error> {
        let table = self.database.begin_read()?.open_table(ABOUT)?;
        Ok(table.get(name)?.map(|value| value.value().to_vec()))
    }

    /// The rows as they are now.
    pub(super) fn view(self: &Arc<Self>) -> Result<CheckpointView, CheckpointError> {
        let read =
            || -> Result<_, redb::Error> { Ok(self.database.begin_read()?.open_table(ROWS)?) };
        let table = read().map_err(|error| self.explain(error))?;
        Ok(CheckpointView::new(table, self.clone()))
    }

    /// The shards' epochs.
    pub(super) fn epochs(
        self: &Arc<Self>,
    ) -> Result<BTreeMap<ShardId, ShardEpoch>, CheckpointError> {
        let (view, prefix) = (self.view()?, [Family::Shard.ordinal()]);
        let mut epochs = BTreeMap::new();
        for entry in view.range(Bound::Included(&prefix))? {
            let entry = entry?;
            if !entry.key().starts_with(&prefix) {
                break;
            }
            let row = decode_row(entry.key(), entry.value());
            if let Row::Shard(row) = row.map_err(|error| CheckpointError::Failed(error.into()))? {
                epochs.insert(row.key.shard, row.epoch);
            }
        }
        Ok(epochs)
    }

    /// Adds a delta, all of it or nothing: rows and position become durable in one commit.
    pub(super) fn write(
        &self,
        delta: &Delta,
        durability: Durability,
        rest: Rest<'_>,
    ) -> Result<(), CheckpointError> {
        let mut transaction = self.database.begin_write().map_err(|e| self.explain(e))?;
        transaction.set_quick_repair(true);
        transaction.set_durability(durability).map_err(|e| self.explain(e))?;
        {
            let mut rows = transaction.open_table(ROWS).map_err(|e| self.explain(e))?;
            self.write_rows(&mut rows, delta, rest)?;
        }
        self.write_about(&transaction, delta.position).map_err(|e| self.explain(e))?;
        transaction.commit().map_err(|e| self.explain(e))?;
        if self.health.is_unharmed() {
            return Ok(());
        }
        // Something failed where redb does not say so, perhaps on a reader's thread.
        Err(self.explain(redb::Error::PreviousIo))
    }

    fn write_rows(
        &self,
        rows: &mut Table<'_, &'static [u8], &'static [u8]>,
        delta: &Delta,
        rest: Rest<'_>,
    ) -> Result<(), CheckpointError> {
        let (mut value_bytes, mut since_rest) = (Vec::new(), 0);
        // Deleted rows come in crowds, most of them never written here: as long as the next row
        // that is here lies behind, there is nothing to delete and no need to look.
        let mut next_row = NextRow::Unknown;
        for entry in delta.iter() {
            let key = entry.key();
            since_rest += entry.footprint();
            if since_rest >= REST_AFTER {
                since_rest = 0;
                if !rest() {
                    return Err(CheckpointError::Stopped);
                }
            }
            if let Some(value) = entry.value() {
                encode(key, value, &mut value_bytes);
                rows.insert(key, value_bytes.as_slice()).map_err(|e| self.explain(e))?;
                continue;
            }
            if next_row.is_behind(key) {
                continue;
            }
            next_row = NextRow::from(rows, key).map_err(|e| self.explain(e))?;
            if !next_row.is_behind(key) {
                rows.remove(key).map_err(|e| self.explain(e))?;
                next_row = NextRow::Unknown;
            }
        }
        Ok(())
    }

    fn write_about(
        &self,
        transaction: &redb::WriteTransaction,
        position: Position,
    ) -> Result<(), redb::Error> {
        let mut about = transaction.open_table(ABOUT)?;
        about.insert(FORMAT, VERSION.to_be_bytes().as_slice())?;
        about.insert(STORE, self.store_id.0.as_slice())?;
        about.insert(POSITION, position.0.to_be_bytes().as_slice())?;
        Ok(())
    }

    /// Bytes written to the file since it was opened.
    pub(super) fn written(&self) -> u64 {
        self.health.written()
    }

    /// What an error means: after one for want of space, all that follows is for want of space.
    /// After a failure nothing is, whatever it says: a failed sync has lost what it should save.
    pub(super) fn explain(&self, error: impl Into<redb::Error>) -> CheckpointError {
        if self.health.is_only_full() {
            CheckpointError::Full
        } else if self.health.has_failed() {
            CheckpointError::Failed(Box::new(error.into()))
        } else {
            CheckpointError::of(error)
        }
    }
}

/// The first row of the checkpoint at or behind some key.
enum NextRow {
    Unknown,
    None,
    At(Vec<u8>),
}

impl NextRow {
    fn from(
        rows: &Table<'_, &'static [u8], &'static [u8]>,
        key: &[u8],
    ) -> Result<Self, redb::Error> {
        let first = rows.range::<&[u8]>((Bound::Included(key), Bound::Unbounded))?.next();
        Ok(first.transpose()?.map_or(Self::None, |(key, _)| Self::At(key.value().to_vec())))
    }

    /// Whether it is known to lie behind a key.
    fn is_behind(&self, key: &[u8]) -> bool {
        match self {
            Self::Unknown => false,
            Self::None => true,
            Self::At(next) => next.as_slice() > key,
        }
    }
}

/// Why an existing checkpoint cannot be opened.
pub(super) fn unusable(path: &Path, error: redb::Error) -> OpenError {
    match error {
        redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => {
            OpenError::Io { action: "open", path: path.to_owned(), source }
        }
        other => OpenError::corrupt(path, 0, format!("not a usable checkpoint: {other}")),
    }
}
