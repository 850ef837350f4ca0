//! The child's side: queries in, answers out, until the pipe ends or a limit does.

use std::io::{self, BufReader, BufWriter, Read as _};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use crate::jq::frame::{Ask, Hello, write_answer};
use crate::jq::limits::STACK;
use crate::jq::query::Queries;

/// Answers queries from standard input on standard output until the input ends: what a child of
/// [`super::JqPool`] does, and all it does. A query that takes too much memory or stack ends the
/// process by a signal; one that takes too much time is for the parent to end.
///
/// The process must be this function's own: limits are set that stay.
///
/// # Errors
/// The limits cannot be set, or a pipe broke.
pub fn serve() -> io::Result<()> {
    // Whoever asks is gone when the parent is, however that came about.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut input = BufReader::new(io::stdin());
    let hello = Hello::read(&mut input)?;
    let work = move || {
        limit(&hello)?;
        let mut output = BufWriter::new(io::stdout());
        let mut queries = Queries::default();
        let result = usize::try_from(hello.result).unwrap_or(usize::MAX);
        while let Some(ask) = Ask::read(&mut input)? {
            let answer = queries.run(&ask.query, &ask.input, ask.now_ms, result);
            write_answer(&mut output, &answer)?;
        }
        Ok(())
    };
    let thread = std::thread::Builder::new().name("jq".to_owned()).stack_size(STACK).spawn(work)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the query's thread panicked")))
}

/// From here on the process may grow by so much, and leaves nothing behind.
fn limit(hello: &Hello) -> io::Result<()> {
    let exactly = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::As, exactly(address_space()?.saturating_add(hello.memory)))?;
    setrlimit(Resource::Core, exactly(0))?;
    setrlimit(Resource::Fsize, exactly(0))?;
    Ok(())
}

/// Bytes of address space this process has now.
fn address_space() -> io::Result<u64> {
    let mut text = String::new();
    std::fs::File::open("/proc/self/statm")?.read_to_string(&mut text)?;
    let pages: Option<u64> = text.split(' ').next().and_then(|pages| pages.parse().ok());
    let pages = pages.ok_or_else(|| io::Error::other("the size of the process is unknown"))?;
    Ok(pages.saturating_mul(rustix::param::page_size() as u64))
}
