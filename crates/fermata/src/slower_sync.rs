//! Files whose syncs take longer, for benchmarks: what a slower disk would do to every figure.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fermata_store_embedded::{FileHandle, FileLayer, FileLock, RealFiles};

/// The machine's own files, with this time added to each sync of a file.
pub struct SlowerSync {
    files: RealFiles,
    added: Duration,
}

impl SlowerSync {
    /// Real files with `added` on top of each sync of a file; syncs of directories stay as they
    /// are, because no request waits for one.
    pub fn new(added: Duration) -> Arc<Self> {
        Arc::new(Self { files: RealFiles, added })
    }

    fn slower(&self, file: Box<dyn FileHandle>) -> Box<dyn FileHandle> {
        Box::new(SlowerFile { file, added: self.added })
    }
}

impl FileLayer for SlowerSync {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.files.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.files.list(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        self.files.lock(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        Ok(self.slower(self.files.create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn FileHandle>> {
        Ok(self.slower(self.files.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.files.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.files.sync_dir(dir)
    }
}

struct SlowerFile {
    file: Box<dyn FileHandle>,
    added: Duration,
}

impl SlowerFile {
    /// Waits, and says how long the sync has taken all in all.
    #[expect(
        clippy::disallowed_methods,
        reason = "a slow disk blocks its thread, and so does this"
    )]
    fn wait(&self, took: Duration) -> Duration {
        std::thread::sleep(self.added);
        took + self.added
    }
}

impl FileHandle for SlowerFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.file.allocate(length)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync_data(&self) -> io::Result<Duration> {
        self.file.sync_data().map(|took| self.wait(took))
    }

    fn sync_all(&self) -> io::Result<Duration> {
        self.file.sync_all().map(|took| self.wait(took))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_takes_what_was_added_and_the_bytes_are_there() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let files = SlowerSync::new(Duration::from_millis(3));
        let path = folder.path().join("file");
        let file = files.create(&path).expect("a new file");
        file.write_at(0, b"kept").expect("there is room");
        let took = file.sync_data().expect("it can be synced");
        assert!(took >= Duration::from_millis(3), "{took:?}");
        let mut read = [0; 4];
        files.open(&path).and_then(|file| file.read_at(0, &mut read)).expect("it is there");
        assert_eq!(&read, b"kept");
    }
}
