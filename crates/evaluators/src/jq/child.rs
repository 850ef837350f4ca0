//! One child process and the pipes to it. Dropped, it is killed and waited for.

use std::io::{BufReader, BufWriter, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::jq::frame::{Answer, Ask, Hello, read_answer};
use crate::jq::limits::LAST_WORDS_MAX;

/// The program that children run, with its arguments. It has to call [`super::serve`] and do
/// nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JqProgram {
    /// Its path; a server gives its own.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
    errors: ChildStderr,
}

/// The process behind the pipes; a clone lets others kill it.
#[derive(Debug, Clone)]
pub(super) struct Process(Arc<Mutex<std::process::Child>>);

impl Process {
    fn lock(&self) -> MutexGuard<'_, std::process::Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it at once; one that has ended stays so.
    pub(super) fn kill(&self) {
        // An error says that there is nothing left to kill.
        drop(self.lock().kill());
    }

    fn wait(&self) -> Option<ExitStatus> {
        self.lock().wait().ok()
    }
}

impl Child {
    /// Starts a child with an empty environment. It lives no longer than the calling thread.
    pub(super) fn spawn(program: &JqProgram, hello: Hello) -> std::io::Result<Self> {
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            // The allocator would take addresses for a GiB in advance, and the limit on them
            // would then mean nothing.
            .env("MIMALLOC_ARENA_RESERVE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let process = Process(Arc::new(Mutex::new(process)));
        let (Some(to), Some(from), Some(errors)) = pipes else {
            process.kill();
            process.wait();
            return Err(std::io::Error::other("a pipe is missing"));
        };
        let (to, from) = (BufWriter::new(to), BufReader::new(from));
        let mut child = Self { process, to, from, errors };
        // A child that does not read this does not answer either, and then it is told why.
        drop(hello.write(&mut child.to));
        Ok(child)
    }

    /// For whoever watches the clock.
    pub(super) fn process(&self) -> Process {
        self.process.clone()
    }

    /// Asks and waits for the answer, without a limit on time.
    pub(super) fn ask<Q: AsRef<str>, I: AsRef<[u8]>>(
        &mut self,
        ask: &Ask<Q, I>,
    ) -> std::io::Result<Answer> {
        ask.write(&mut self.to)?;
        read_answer(&mut self.from)
    }

    /// Why a child is gone that did not answer.
    pub(super) fn last_words(&mut self) -> String {
        self.process.kill();
        let status = self.process.wait();
        let mut words = Vec::new();
        // All ends of the pipe are closed, so this does not wait.
        drop((&mut self.errors).take(LAST_WORDS_MAX).read_to_end(&mut words));
        let words = String::from_utf8_lossy(&words);
        if words.contains("memory allocation of") {
            "the query needs more memory than it may have".to_owned()
        } else if words.contains("overflowed its stack") {
            "the query is nested or recurses too deep".to_owned()
        } else {
            match status.and_then(|status| status.signal()) {
                Some(signal) => format!("the query's process was ended by signal {signal}"),
                None => "the query's process broke down".to_owned(),
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.kill();
        self.process.wait();
    }
}
