//! Opening: the checkpoint, then the frames after it, with no more in memory than a store has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_storage::CodecError;

use crate::checkpoint::{self, Checkpointer};
use crate::file::FileLock;
use crate::layers::Layers;
use crate::log::{Frame, LogWriter, OpenError, Replay, identify, recover};
use crate::options::Options;

/// Deltas that recovery leaves to the checkpointer; only a longer log waits for checkpoints.
const FROZEN_MAX: usize = 4;

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
    if identity.is_none() && view.is_some() {
        let path = dir.join(checkpoint::NAME);
        return Err(OpenError::corrupt(&path, 0, "a checkpoint, but no identity"));
    }
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
        if self.layers.older.frozen.len() <= FROZEN_MAX {
            return Ok(());
        }
        let Some(delta) = self.layers.older.frozen.first().cloned() else { return Ok(()) };
        let written = self.checkpointer.write(&delta, &mut || true);
        let view = written.map_err(|error| error.opening(self.dir))?;
        self.layers.install(view, delta.position);
        Ok(())
    }
}
