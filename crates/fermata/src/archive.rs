//! The archive: runs that retention takes out of the store, one line of JSON each, in a file a day.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use fermata_api::Exporter;
use fermata_runtime::Engine;
use fermata_runtime::engine::RunView;
use fermata_runtime::retention::Archive;

/// Files named `2026-11-22.ndjson` in one directory, each line a run as `GET /api/workflow/{id}`
/// shows it. The day is that of archiving, UTC. Lines are only ever appended; after a crash a run
/// may be there twice, and a line may be cut; empty lines mean nothing.
pub struct FileArchive {
    engine: Engine,
    exporter: Exporter,
    directory: PathBuf,
}

impl FileArchive {
    /// An archive in a directory, made when the first run comes.
    pub fn new(engine: Engine, directory: PathBuf) -> Self {
        let exporter = Exporter::new(engine.clone());
        Self { engine, exporter, directory }
    }

    fn open(&self) -> io::Result<File> {
        std::fs::create_dir_all(&self.directory)?;
        let day = jiff::Timestamp::from_millisecond(self.engine.now().as_ms())
            .map_err(io::Error::other)?
            .strftime("%Y-%m-%d.ndjson");
        let path = self.directory.join(day.to_string());
        let is_new = !path.exists();
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        if is_new {
            File::open(&self.directory)?.sync_all()?;
        }
        Ok(file)
    }
}

impl Archive for FileArchive {
    fn keep(&self, runs: Vec<RunView>) -> io::Result<()> {
        let mut lines = Vec::new();
        for view in &runs {
            lines.extend(self.exporter.run(view)?);
            lines.push(b'\n');
        }
        let mut file = self.open()?;
        // A line that a crash has cut must not run into the next one.
        if file.metadata()?.len() > 0 {
            lines.insert(0, b'\n');
        }
        file.write_all(&lines)?;
        file.sync_all()
    }
}
