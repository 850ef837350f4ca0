//! A server on this machine that the tool itself starts, ends, kills and starts again.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::{Client, Target};

/// How long a server may take until `/health` answers 200: Java on a busy machine is slow.
const READY_MAX: Duration = Duration::from_secs(600);
/// How long it may take to drain after SIGTERM before it is killed.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// How long to wait between two looks: what a time to ready may be too long by.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How a server is started. `{port}` and `{data}` in an argument stand for its port and its
/// data directory.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) data: PathBuf,
}

/// A server that is running, unless it was ended a moment ago.
#[derive(Debug)]
pub(crate) struct Host {
    recipe: Recipe,
    port: u16,
    target: Arc<Target>,
    child: Mutex<Option<Child>>,
    /// Arguments of the next start besides the recipe's.
    extra: Mutex<Vec<String>>,
}

impl Host {
    /// Starts it on a free port, on an empty data directory, and waits until it is healthy.
    ///
    /// # Errors
    /// It cannot be started or does not become healthy in time.
    pub(crate) async fn start(recipe: Recipe) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
        let port = listener.local_addr()?.port();
        drop(listener);
        let target = Arc::new(Target::parse(&format!("http://127.0.0.1:{port}"))?);
        let (child, extra) = (Mutex::new(None), Mutex::default());
        let host = Self { recipe, port, target, child, extra };
        host.wipe()?;
        host.launch().await?;
        Ok(host)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn data(&self) -> &Path {
        &self.recipe.data
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// SIGTERM, then a start on the same data; the times to end and to be ready again.
    pub(crate) async fn restart(&self) -> anyhow::Result<(Duration, Duration)> {
        let begun = Instant::now();
        self.stop().await?;
        let ended = begun.elapsed();
        Ok((ended, self.launch().await?))
    }

    /// `kill -9`, then a start on the same data; the time to be ready again.
    pub(crate) async fn kill_and_restart(&self) -> anyhow::Result<Duration> {
        self.kill();
        self.launch().await
    }

    /// Ends it, forgets its data, and starts it again, with these arguments besides its recipe's.
    pub(crate) async fn begin_anew(&self, extra: &[String]) -> anyhow::Result<()> {
        self.stop().await?;
        extra.clone_into(&mut self.extra.lock().unwrap_or_else(PoisonError::into_inner));
        self.wipe()?;
        self.launch().await.map(|_| ())
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// SIGTERM first, so that the tool also sees whether the server drains under load.
    ///
    /// # Errors
    /// It did not end in time; it has been killed then.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status();
        asked.context("cannot send SIGTERM")?;
        let begun = Instant::now();
        while self.is_running() {
            if begun.elapsed() > DRAIN_MAX {
                self.kill();
                bail!("the server did not end after SIGTERM and was killed");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.child().take();
        Ok(())
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&self) -> bool {
        self.child().as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    fn wipe(&self) -> anyhow::Result<()> {
        let data = &self.recipe.data;
        match fs::remove_dir_all(data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", data.display()));
            }
            _ => {}
        }
        fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))
    }

    /// What it prints goes to a file beside its data, which the next start appends to.
    fn log(&self) -> anyhow::Result<File> {
        let path = self.recipe.data.with_extension("log");
        let file = File::options().create(true).append(true).open(&path);
        file.with_context(|| format!("cannot write {}", path.display()))
    }

    async fn launch(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let data = self.recipe.data.display().to_string();
        let fill = |argument: &String| {
            argument.replace("{port}", &self.port.to_string()).replace("{data}", &data)
        };
        let log = self.log()?;
        let child = Command::new(&self.recipe.program)
            .args(self.recipe.arguments.iter().map(fill))
            .args(self.extra.lock().unwrap_or_else(PoisonError::into_inner).iter())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.recipe.program.display()))?;
        *self.child() = Some(child);
        let health = self.target.uri("/health")?;
        loop {
            let mut client = Client::new(Arc::clone(&self.target));
            if let Ok(answer) = client.get(&health, Duration::ZERO).await
                && answer.status.is_success()
            {
                return Ok(begun.elapsed());
            }
            if !self.is_running() {
                bail!("the server ended before it was ready; see {data}.log");
            }
            if begun.elapsed() > READY_MAX {
                bail!("the server was not ready after {} s", READY_MAX.as_secs());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        drop(fs::remove_dir_all(&self.recipe.data));
    }
}

/// Bytes of the files below a folder, as they are allocated on disk.
pub(crate) fn bytes_on_disk(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_on_disk(&entry.path()),
        Ok(found) => found.blocks() * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(program: &str, arguments: &[&str], data: PathBuf) -> Recipe {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Recipe { program: program.into(), arguments, data }
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_an_error_that_names_its_log() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let data = folder.path().join("data");
        let started = Host::start(recipe("sh", &["-c", "echo {port} {data}"], data)).await;
        let error = started.expect_err("it answers nothing").to_string();
        assert!(error.contains("ended before it was ready"), "{error}");
        let log = fs::read_to_string(folder.path().join("data.log")).expect("its output");
        assert!(log.contains("/data") && !log.contains('{'), "{log}");
    }

    #[test]
    fn files_in_folders_count() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).expect("a folder");
        fs::write(inner.join("file"), [1; 5000]).expect("a file");
        assert!(bytes_on_disk(folder.path()) >= 5000);
        assert_eq!(bytes_on_disk(&folder.path().join("absent")), 0);
    }
}
