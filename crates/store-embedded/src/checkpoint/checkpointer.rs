//! The checkpointer's own state: which checkpoint there is, and how it becomes the next one.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use fermata_types::{Position, ShardEpoch, ShardId};
use redb::Durability;

use super::error::CheckpointError;
use super::file::{CheckpointFile, Memory, NAME, NEW_NAME, Rest, unusable};
use super::stored::CheckpointView;
use crate::file::{FileLayer, FileLock};
use crate::layers::Delta;
use crate::log::{OpenError, Step, StoreId};
use crate::options::Options;

/// What it takes to write checkpoints.
pub(crate) struct Checkpointer {
    files: Arc<dyn FileLayer>,
    dir: PathBuf,
    store_id: StoreId,
    memory: Memory,
    lock: Arc<dyn FileLock>,
    /// None until the first one is written.
    current: Option<Arc<CheckpointFile>>,
    position: Position,
    durability: Durability,
}

impl Checkpointer {
    /// Opens the checkpoint of a directory, or notes that there is none yet. What an interrupted
    /// first checkpoint left is removed.
    pub(crate) fn open(
        dir: PathBuf,
        store_id: StoreId,
        options: &Options,
        lock: Arc<dyn FileLock>,
    ) -> Result<Self, OpenError> {
        let files = options.files.clone();
        let memory =
            Memory { cache_bytes: options.cache_bytes, sync_bytes: options.checkpoint_sync_bytes };
        let new = dir.join(NEW_NAME);
        match files.remove(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::io("remove", &new)(error));
            }
            _ => {}
        }
        let opened = CheckpointFile::open(&*files, &dir, store_id, memory, lock.clone())?;
        let (current, position) = match opened {
            Some((file, position)) => {
                // Its name may not be on the disk yet, if it was given and the process then died.
                // It has to be there before the segments it makes needless go.
                files.sync_dir(&dir).map_err(OpenError::io("sync", &dir))?;
                (Some(Arc::new(file)), position)
            }
            None => (None, Position(0)),
        };
        let is_bug = options.believes_early();
        let durability = if is_bug { Durability::None } else { Durability::Immediate };
        Ok(Self { files, dir, store_id, memory, lock, current, position, durability })
    }

    /// The position of the checkpoint; 0 if there is none.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Bytes written to the checkpoint's file since it was opened.
    pub(crate) fn written(&self) -> u64 {
        self.current.as_ref().map_or(0, |file| file.written())
    }

    /// The rows of the checkpoint and the shards' epochs in it.
    pub(crate) fn rows(
        &self,
    ) -> Result<(Option<CheckpointView>, BTreeMap<ShardId, ShardEpoch>), OpenError> {
        let Some(file) = &self.current else { return Ok((None, BTreeMap::new())) };
        let read = || Ok((Some(file.view()?), file.epochs()?));
        read().map_err(|error: CheckpointError| {
            let path = self.dir.join(NAME);
            match error {
                CheckpointError::Failed(source) => match source.downcast::<redb::Error>() {
                    Ok(error) => unusable(&path, *error),
                    Err(error) => OpenError::corrupt(&path, 0, error.to_string()),
                },
                other => OpenError::corrupt(&path, 0, other.to_string()),
            }
        })
    }

    /// Adds a delta to the checkpoint; the answer is the rows of the new one. It is durable.
    ///
    /// # Errors
    /// The checkpoint is what it was. After [`CheckpointError::Full`], `reopen` comes before the
    /// next attempt; after any other but `Stopped`, nothing can be trusted.
    pub(crate) fn write(
        &mut self,
        delta: &Delta,
        rest: Rest<'_>,
    ) -> Result<CheckpointView, CheckpointError> {
        Step::CheckpointBegun.done();
        let file = match &self.current {
            Some(file) => {
                file.write(delta, self.durability, rest)?;
                file.clone()
            }
            None => self.write_first(delta, rest)?,
        };
        Step::CheckpointDurable.done();
        self.position = delta.position;
        let view = file.view();
        self.current = Some(file);
        view
    }

    /// The first checkpoint is written under another name, so that there is a whole one or none.
    fn write_first(
        &self,
        delta: &Delta,
        rest: Rest<'_>,
    ) -> Result<Arc<CheckpointFile>, CheckpointError> {
        let (new, path) = (self.dir.join(NEW_NAME), self.dir.join(NAME));
        match self.files.remove(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CheckpointError::io(error));
            }
            _ => {}
        }
        let handle = self.files.create(&new).map_err(CheckpointError::io)?;
        let lock = self.lock.clone();
        let file = CheckpointFile::with(handle, self.store_id, self.memory, lock);
        let file = file.map_err(CheckpointError::of)?;
        file.write(delta, self.durability, rest)?;
        self.files.rename(&new, &path).map_err(CheckpointError::io)?;
        self.files.sync_dir(&self.dir).map_err(CheckpointError::io)?;
        Ok(Arc::new(file))
    }

    /// Opens the checkpoint anew after it ran out of space. None if there was none.
    pub(crate) fn reopen(&mut self) -> Result<Option<CheckpointView>, CheckpointError> {
        if self.current.is_none() {
            // What there is of a first one only takes up space.
            let removed = self.files.remove(&self.dir.join(NEW_NAME));
            return match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(CheckpointError::io(error))
                }
                _ => Ok(None),
            };
        }
        let (files, lock) = (&*self.files, self.lock.clone());
        let opened = CheckpointFile::open(files, &self.dir, self.store_id, self.memory, lock);
        let failed = |error: OpenError| CheckpointError::Failed(error.into());
        let (file, position) = opened.map_err(failed)?.ok_or(CheckpointError::Damaged)?;
        let file = Arc::new(file);
        // Only now: without a current one, the next checkpoint would be taken for the first, and
        // would take the place of this one.
        self.position = position;
        self.current = Some(file.clone());
        file.view().map(Some)
    }
}
