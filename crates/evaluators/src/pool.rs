//! Engines on threads of their own.
//!
//! An engine looks at the clock at calls, jumps and in most native loops, but not in all (a long
//! search for a long text takes quadratic time). So the caller waits with a clock of its own: an
//! engine that does not answer is given up and its thread ends when the native loop does. The
//! threads also have a known stack, and build the next engine after they have answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use fermata_types::Payload;

use crate::limits::{IDLE_MAX, Limits, THREAD_STACK, THREADS_MAX};
use crate::message;
use crate::quickjs::{Engine, Outcome, Task};

/// A task that can be handed to another thread.
pub(crate) type OwnedTask = Task<Arc<str>, Input>;

/// The input of a task that is handed to another thread.
#[derive(Debug, Clone)]
pub(crate) struct Input(pub(crate) Payload);

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// Runs evaluations, each on one of its threads. Dropped, it lets its idle threads end.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Limits,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Where engines that are built and waiting take their job.
    idle: Mutex<Vec<SyncSender<Job>>>,
    /// Threads alive.
    threads: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Job {
    task: OwnedTask,
    limits: Limits,
    answer: SyncSender<Outcome>,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, shared: Arc::default() }
    }

    /// Runs one evaluation and waits for it, at most the wall limit and the grace.
    pub(crate) fn run(&self, task: OwnedTask) -> Outcome {
        let source = Arc::clone(&task.source);
        let (answer, answered) = sync_channel(1);
        let job = Job { task, limits: self.limits, answer };
        if let Err(refused) = self.hand_over(job) {
            return Outcome::Failed(message::failed(&source, None, refused));
        }
        match answered.recv_timeout(self.limits.wall.saturating_add(self.limits.grace)) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Outcome::TimedOut(message::timed_out(&self.limits)),
            Err(RecvTimeoutError::Disconnected) => {
                Outcome::Failed(message::failed(&source, None, "the engine broke down"))
            }
        }
    }

    fn hand_over(&self, mut job: Job) -> Result<(), &'static str> {
        loop {
            let Some(engine) = self.shared.lock_idle().pop() else { break };
            match engine.send(job) {
                Ok(()) => return Ok(()),
                // Its thread has ended; the next one is asked.
                Err(unsent) => job = unsent.0,
            }
        }
        let place = Place::take(&self.shared.threads).ok_or("all engines are stuck in scripts")?;
        let shared = Arc::downgrade(&self.shared);
        thread::Builder::new()
            .name("script".to_owned())
            .stack_size(THREAD_STACK)
            .spawn(move || serve(job, &shared, &place))
            .map(drop)
            .map_err(|_| "no thread for another engine")
    }
}

impl Shared {
    fn lock_idle(&self) -> MutexGuard<'_, Vec<SyncSender<Job>>> {
        // The list is whole after every statement, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a new engine's door, unless enough are waiting.
    fn offer(&self) -> Option<Receiver<Job>> {
        let mut idle = self.lock_idle();
        if idle.len() >= IDLE_MAX {
            return None;
        }
        let (door, jobs) = sync_channel(1);
        idle.push(door);
        Some(jobs)
    }
}

/// A thread's life: a job, an answer, the next engine, the next job.
fn serve(first: Job, shared: &Weak<Shared>, _place: &Place) {
    let mut next = Some(first);
    let mut spare = Engine::new();
    while let Some(job) = next {
        let outcome = match &spare {
            Ok(engine) => engine.run(&job.task, &job.limits),
            Err(_) => Outcome::Failed(message::failed(&job.task.source, None, "no engine")),
        };
        // Nobody may be waiting any more; then the outcome is of no use.
        drop(job.answer.try_send(outcome));
        // Taking down a large heap and building an engine is on nobody's time.
        drop(spare);
        spare = Engine::new();
        let Some(jobs) = shared.upgrade().and_then(|shared| shared.offer()) else { return };
        next = jobs.recv().ok();
    }
}

/// One of the places for threads, given back when dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(threads: &Arc<AtomicUsize>) -> Option<Self> {
        if threads.fetch_add(1, Ordering::SeqCst) >= THREADS_MAX {
            threads.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        Some(Self(Arc::clone(threads)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(source: &str) -> OwnedTask {
        OwnedTask { source: source.into(), input: Input(Payload::empty_object()), now_ms: 0 }
    }

    #[test]
    fn threads_are_used_again_and_end_with_the_pool() {
        let pool = Pool::new(Limits::default());
        for _ in 0..50 {
            assert_eq!(pool.run(task("1")), Outcome::Value(b"1".to_vec()));
        }
        let threads = Arc::clone(&pool.shared.threads);
        // One may still be building its next engine when the next job comes.
        assert!(threads.load(Ordering::SeqCst) <= IDLE_MAX);
        drop(pool);
        // Each thread gives its place back as the last thing it does; a thread that goes on hangs
        // this test.
        while threads.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn when_all_places_are_taken_an_evaluation_fails_at_once() {
        let pool = Pool::new(Limits::default());
        let places: Vec<Place> =
            (0..THREADS_MAX).map_while(|_| Place::take(&pool.shared.threads)).collect();
        assert_eq!(places.len(), THREADS_MAX);
        let message = "Error evaluating the script `1`: all engines are stuck in scripts";
        assert_eq!(pool.run(task("1")), Outcome::Failed(message.to_owned()));
        drop(places);
        assert_eq!(pool.run(task("1")), Outcome::Value(b"1".to_vec()));
    }
}
