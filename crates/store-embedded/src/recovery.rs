//! Opening: the checkpoint, then the frames after it, with no more in memory than a store has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_storage::CodecError;

use crate::checkpoint::{CheckpointError, Checkpointer};
use crate::file::FileLock;
use crate::layers::Layers;
use crate::log::{Frame, LogWriter, OpenError, Replay, identify, recover};
use crate::options::Options;

/// A store as it was found.
pub(crate) struct Recovered {
    pub(crate) log: LogWriter,
    pub(crate) layers: Layers,
    pub(crate) checkpointer: Checkpointer,
}

/// Opens what is in a directory whose lock is held, or creates a store there.
pub(crate) fn open(
    dir: PathBuf,
    options: &Options,
    lock: Arc<dyn FileLock>,
) -> Result<Recovered, OpenError> {
    let identity = identify(&*options.files, &dir)?;
    let store_id = identity.unwrap_or(options.store_id);
    let checkpointer = Checkpointer::open(dir.clone(), store_id, options, lock)?;
    let (view, epochs) = checkpointer.rows()?;
    let position = checkpointer.position();
    let layers = Layers::over(view, epochs, position);
    let mut replay = Replaying { layers, checkpointer, options, dir: &dir };
    let log = recover(dir.clone(), options, identity, position, &mut replay)?;
    let Replaying { layers, checkpointer, .. } = replay;
    Ok(Recovered { log, layers, checkpointer })
}

struct Replaying<'a> {
    layers: Layers,
    checkpointer: Checkpointer,
    options: &'a Options,
    dir: &'a Path,
}

impl Replay for Replaying<'_> {
    fn apply(&mut self, frame: &Frame<'_>) -> Result<(), CodecError> {
        self.layers.apply_frame(frame)
    }

    fn make_room(&mut self) -> Result<(), OpenError> {
        if !self.options.is_due(&self.layers.active) {
            return Ok(());
        }
        self.layers.freeze();
        let Some(delta) = self.layers.older.frozen.first().cloned() else { return Ok(()) };
        let view = self.checkpointer.write(&delta, &mut || true).map_err(|error| match error {
            CheckpointError::Full => OpenError::StorageFull { dir: self.dir.to_owned() },
            other => OpenError::Checkpoint { source: Box::new(other) },
        })?;
        self.layers.install(view, delta.position);
        Ok(())
    }
}
