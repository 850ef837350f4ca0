//! `fermata backup` and `fermata restore`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fermata_storage::Store;
use fermata_storage::backup::{BackupError, BackupReader, BackupSource};
use fermata_store_embedded::{EmbeddedStore, OpenError, Options, StoreId};

use crate::cli::{BackupOptions, RestoreOptions};
use crate::download::{self, DownloadError};
use crate::server::fill_randomly;

/// What a file is called until it is whole.
const PARTIAL: &str = "partial";

/// Why there is no backup, or no restored store.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error("the store cannot be read")]
    Store(#[from] fermata_storage::ReadError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("no randomness for the name of a new store: {0}")]
    Randomness(getrandom::Error),
}

/// Writes a backup. Exit code 0 when the file is whole, read back and synced.
pub fn backup(options: &BackupOptions) -> ExitCode {
    finish(write(options), |rows| format!("{rows} rows in {}", options.output.display()))
}

/// Makes a store from a backup. Exit code 0 when the store is whole and durable.
pub fn restore(options: &RestoreOptions) -> ExitCode {
    finish(read(options), |rows| format!("{rows} rows in {}", options.data_dir.display()))
}

fn finish(outcome: Result<u64, Failure>, said: impl FnOnce(u64) -> String) -> ExitCode {
    let (text, code) = match outcome {
        Ok(rows) => (said(rows), ExitCode::SUCCESS),
        Err(failure) => (chain(&failure), ExitCode::FAILURE),
    };
    // Nobody may be reading; the exit code tells it too.
    let _ = writeln!(io::stdout(), "{text}");
    code
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn write(options: &BackupOptions) -> Result<u64, Failure> {
    let output = &options.output;
    if output.exists() {
        return Err(Failure::Exists(output.clone()));
    }
    let partial = output.with_added_extension(PARTIAL);
    let failed = |source| Failure::Write { path: partial.clone(), source };
    let mut file = File::create(&partial).map_err(failed)?;
    match &options.data_dir {
        Some(dir) => from_directory(dir, &mut |piece| file.write_all(piece))?,
        None => {
            download::get(&options.server, "/api/admin/backup", &mut |piece| {
                file.write_all(piece)
            })?;
        }
    }
    file.sync_all().map_err(failed)?;
    // A backup is worth what can be read of it.
    let rows = verify(&partial)?;
    fs::rename(&partial, output).map_err(failed)?;
    sync_directory_of(output).map_err(failed)?;
    Ok(rows)
}

fn from_directory(
    dir: &Path,
    keep: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), Failure> {
    let store = EmbeddedStore::open(dir, Options::new(StoreId([0; 16])))?;
    let mut source = BackupSource::new(store.view()?);
    while let Some(piece) = source.next_piece()? {
        keep(&piece).map_err(DownloadError::Write)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<BackupReader<BufReader<File>>, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).open(path).map_err(failed)?;
    Ok(BackupReader::begin(BufReader::new(file))?)
}

/// Reads all of a backup; answers how many rows it has.
fn verify(path: &Path) -> Result<u64, Failure> {
    let mut rows = 0;
    for row in open(path)? {
        row?;
        rows += 1;
    }
    Ok(rows)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn read(options: &RestoreOptions) -> Result<u64, Failure> {
    // First whether it is whole: a store is made from all of it or not at all.
    let rows = verify(&options.input)?;
    let mut name = [0; 16];
    fill_randomly(&mut name).map_err(Failure::Randomness)?;
    let reader = open(&options.input)?;
    let position = reader.position();
    let store_options = Options::new(StoreId(name));
    EmbeddedStore::restore(&options.data_dir, &store_options, reader, position)?;
    Ok(rows)
}
