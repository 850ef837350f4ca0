//! `cargo xtask bench`: the load generator against our server, or against any other by its URL.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::server;
use crate::process;
use crate::stopwatch::{self, Stopwatch};

/// How long our server may take until it answers `/health`.
const READY_MAX: Duration = Duration::from_secs(30);

/// How long it may take to drain after SIGTERM before it is killed.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// How long to wait between two looks at the server.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What follows `bench` goes to `fermata-bench` as it is.
#[derive(Args)]
pub struct Arguments {
    /// Arguments of the load generator; with `--url` among them no server is started
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds both programs, starts a server unless `--url` is given, and drives it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let generator = server::build_release("fermata-bench")?;
    if arguments.rest.iter().any(|word| word == "--url" || word.starts_with("--url=")) {
        return process::run(Command::new(generator).args(&arguments.rest));
    }
    let running = Running::start(&server::build_release("fermata")?)?;
    let mut command = Command::new(generator);
    command
        .args(["--url", &format!("http://{}", running.address)])
        .args(["--pid", &running.child.id().to_string(), "--data-dir"])
        .arg(&running.data)
        .args(&arguments.rest);
    process::run(&mut command)
}

/// A server of ours that ends, and whose data goes, when this value does.
struct Running {
    child: Child,
    address: SocketAddr,
    data: PathBuf,
}

impl Running {
    /// Starts the server on a free port and an empty folder, and waits until it is healthy.
    ///
    /// The folder lies below the build folder, not in the system's temporary one, which is often
    /// memory: a sync there costs nothing and would flatter every figure.
    fn start(binary: &Path) -> Result<Self> {
        let address = free_address()?;
        let data = server::target_folder()?.join("bench").join(address.port().to_string());
        fs::create_dir_all(&data).context("creating the data folder of the bench")?;
        let child = Command::new(binary)
            .args(["server", "--listen", &address.to_string(), "--data-dir"])
            .arg(&data)
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        let mut running = Self { child, address, data };
        running.wait_until_healthy()?;
        Ok(running)
    }

    fn wait_until_healthy(&mut self) -> Result<()> {
        let watch = Stopwatch::start();
        while !healthy(self.address) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it was ready, with {status}");
            }
            if watch.elapsed() > READY_MAX {
                bail!("the server was not ready after {}", stopwatch::shown(READY_MAX));
            }
            stopwatch::pause(LOOK_EVERY);
        }
        println!("server ready after {}", stopwatch::shown(watch.elapsed()));
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM first, so that the bench also sees whether the server drains under load.
        let asked = process::answers("kill", &["-TERM", &self.child.id().to_string()]);
        let watch = Stopwatch::start();
        while asked && watch.elapsed() < DRAIN_MAX && matches!(self.child.try_wait(), Ok(None)) {
            stopwatch::pause(LOOK_EVERY);
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            eprintln!("bench: the server did not drain and is killed");
            drop(self.child.kill());
            drop(self.child.wait());
        }
        drop(fs::remove_dir_all(&self.data));
    }
}

/// A loopback address nobody listened on a moment ago.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
    Ok(listener.local_addr()?)
}

/// Whether `GET /health` answers 200.
fn healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_there_is_not_healthy() {
        let address = free_address().expect("loopback has free ports");
        assert!(!healthy(address));
    }

    #[test]
    fn only_200_is_healthy() {
        for (line, expected) in [("HTTP/1.1 200 OK", true), ("HTTP/1.1 503 Busy", false)] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
            let address = listener.local_addr().expect("a bound listener has an address");
            let peer = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("the client connects");
                let mut request = [0; 512];
                let read = stream.read(&mut request).expect("the client sends its request");
                assert!(read > 0);
                write!(stream, "{line}\r\ncontent-length: 0\r\n\r\n").expect("the client reads");
            });
            assert_eq!(healthy(address), expected, "{line}");
            peer.join().expect("the peer does not panic");
        }
    }
}
