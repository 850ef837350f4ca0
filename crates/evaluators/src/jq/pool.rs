//! Children on threads of their own.
//!
//! A thread starts its child, serves it and outlives it, because the system ends a child with the
//! thread that started it. The caller waits with a clock of its own and kills what does not
//! answer; the thread then sees the pipe end.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use fermata_decider::needs::{Evaluated, Script};
use fermata_runtime::evaluator::Evaluator;
use fermata_types::{Payload, Timestamp};

use crate::jq::child::{Child, Process};
use crate::jq::frame::{Answer, Ask, Hello};
use crate::jq::limits::{
    CHILDREN_MAX, IDLE_MAX, INPUT_MAX, JqLimits, KEPT_AFTER_MAX, QUERIES_PER_CHILD, QUERY_MAX,
    WAITING_MAX,
};

pub use crate::jq::child::JqProgram;

/// Runs jq queries in child processes, each child one query at a time.
///
/// A query may take [`JqLimits::wall`] and [`JqLimits::memory`]; one that takes more ends with
/// its child, fails with a reason, and others go on. With [`CHILDREN_MAX`] queries running,
/// further ones wait for as long as a query may take. Children start with the first queries, a
/// few stay for the next, and all end with the server, however it ends; nothing is kept between
/// queries but their compiled form.
#[derive(Debug)]
pub struct JqPool {
    program: JqProgram,
    limits: JqLimits,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Rung when a child is idle or gone.
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Where children that are waiting take their job.
    idle: Vec<SyncSender<Job>>,
    /// Children alive.
    alive: usize,
    /// Callers waiting for a child.
    waiting: usize,
}

/// A query, and where its answer goes.
#[derive(Debug)]
struct Job {
    ask: Ask<Arc<str>, Bytes>,
    stage: Arc<Mutex<Stage>>,
    answer: SyncSender<Result<Answer, String>>,
}

/// Where a job is. Whoever asked may kill its process only while it is running, since a moment
/// later the process works for someone else.
#[derive(Debug)]
enum Stage {
    /// No process has it yet.
    Waiting,
    /// That process has it.
    Running(Process),
    /// Its answer is on the way.
    Done,
    /// Nobody waits for it any more.
    GivenUp,
}

impl Job {
    /// Whether the process shall go on with it.
    fn begin(&self, process: Process) -> bool {
        let mut stage = lock(&self.stage);
        match *stage {
            Stage::Waiting => {
                *stage = Stage::Running(process);
                true
            }
            Stage::Running(_) | Stage::Done | Stage::GivenUp => false,
        }
    }

    /// From here on its process is somebody else's.
    fn end(&self) {
        *lock(&self.stage) = Stage::Done;
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives up a job; false when its answer is on the way.
fn give_up(stage: &Mutex<Stage>) -> bool {
    let mut stage = lock(stage);
    if matches!(*stage, Stage::Done) {
        return false;
    }
    if let Stage::Running(process) = &*stage {
        process.kill();
    }
    *stage = Stage::GivenUp;
    true
}

#[derive(Debug, Clone)]
struct Bytes(Payload);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A child to give a job to.
enum Door {
    /// One that waits.
    Idle(SyncSender<Job>),
    /// One to be started.
    Place,
}

impl JqPool {
    /// A pool whose children run that program.
    #[must_use]
    pub fn new(program: JqProgram, limits: JqLimits) -> Self {
        Self { program, limits, shared: Arc::default() }
    }

    fn run(&self, script: &Script, now: Timestamp) -> Evaluated {
        if script.source.len() > QUERY_MAX {
            return Evaluated::Failed(format!("the query is longer than {QUERY_MAX} bytes"));
        }
        if script.input.len() > INPUT_MAX {
            return Evaluated::Failed(format!("the input is larger than {INPUT_MAX} bytes"));
        }
        let (answer, answered) = sync_channel(1);
        let stage = Arc::new(Mutex::new(Stage::Waiting));
        let ask = Ask {
            query: Arc::clone(&script.source),
            input: Bytes(script.input.clone()),
            now_ms: now.as_ms(),
        };
        let job = Job { ask, stage: Arc::clone(&stage), answer };
        if let Err(refused) = self.hand_over(job) {
            return Evaluated::Failed(refused.to_owned());
        }
        let outcome = match answered.recv_timeout(self.limits.wall) {
            Err(RecvTimeoutError::Timeout) if give_up(&stage) => {
                let seconds = self.limits.wall.as_secs();
                let message = format!("Query not evaluated within {seconds} seconds, interrupted.");
                return Evaluated::TimedOut(message);
            }
            Err(_) => answered.recv().map_err(|_| "the query's thread broke down".to_owned()),
            Ok(outcome) => Ok(outcome),
        };
        match outcome {
            Ok(Ok(Ok(json))) => Evaluated::Value(Payload::trusted(json.into())),
            Ok(Ok(Err(message)) | Err(message)) | Err(message) => Evaluated::Failed(message),
        }
    }

    fn hand_over(&self, mut job: Job) -> Result<(), &'static str> {
        loop {
            match self.shared.door(self.limits.wall)? {
                Door::Idle(door) => match door.send(job) {
                    Ok(()) => return Ok(()),
                    // Its thread has ended; the next one is asked.
                    Err(unsent) => job = unsent.0,
                },
                Door::Place => return self.start(job),
            }
        }
    }

    fn start(&self, job: Job) -> Result<(), &'static str> {
        let place = Place(Arc::clone(&self.shared));
        let (program, hello) = (self.program.clone(), Hello::of(&self.limits));
        let shared = Arc::downgrade(&self.shared);
        thread::Builder::new()
            .name("jq-child".to_owned())
            .spawn(move || serve(job, &program, hello, &shared, place))
            .map(drop)
            .map_err(|_| "no thread for another jq process")
    }
}

impl Evaluator for JqPool {
    fn evaluate(&self, script: &Script, now: Timestamp) -> Evaluated {
        self.run(script, now)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A child for the next job; waits for one at most that long.
    fn door(&self, patience: Duration) -> Result<Door, &'static str> {
        let mut state = self.lock();
        if state.waiting >= WAITING_MAX {
            return Err("too many queries are waiting for a jq process");
        }
        state.waiting += 1;
        let is_taken = |state: &mut State| state.idle.is_empty() && state.alive >= CHILDREN_MAX;
        let (mut state, _) = self
            .freed
            .wait_timeout_while(state, patience, is_taken)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        if let Some(door) = state.idle.pop() {
            return Ok(Door::Idle(door));
        }
        if state.alive >= CHILDREN_MAX {
            return Err("all jq processes are busy");
        }
        state.alive += 1;
        Ok(Door::Place)
    }

    /// Offers a child's door, unless enough are waiting and nobody is.
    fn offer(&self) -> Option<std::sync::mpsc::Receiver<Job>> {
        let mut state = self.lock();
        if state.idle.len() >= IDLE_MAX.max(state.waiting) {
            return None;
        }
        let (door, jobs) = sync_channel(1);
        state.idle.push(door);
        self.freed.notify_one();
        Some(jobs)
    }
}

/// One of the places for children, given back when dropped.
#[derive(Debug)]
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().alive -= 1;
        self.0.freed.notify_one();
    }
}

/// A thread's life: a child, a job, an answer, the next job.
fn serve(first: Job, program: &JqProgram, hello: Hello, shared: &Weak<Shared>, place: Place) {
    let mut child = match Child::spawn(program, hello) {
        Ok(child) => child,
        Err(error) => {
            drop(place);
            let refused = format!("no jq process can be started: {error}");
            // Nobody may be waiting any more; then the answer is of no use.
            drop(first.answer.try_send(Err(refused)));
            return;
        }
    };
    let mut next = Some(first);
    for _ in 0..QUERIES_PER_CHILD {
        let Some(job) = next else { return };
        if !job.begin(child.process()) {
            return;
        }
        let asked = child.ask(&job.ask);
        job.end();
        let kept = asked.as_ref().is_ok_and(|answer| {
            let size = answer.as_ref().map_or(0, Vec::len);
            size.max(job.ask.input.as_ref().len()) <= KEPT_AFTER_MAX
        });
        let answer = asked.map_err(|_| child.last_words());
        // The door is open before the answer is known, so that whoever asks next finds it.
        let jobs = if kept { shared.upgrade().and_then(|shared| shared.offer()) } else { None };
        drop(job.answer.try_send(answer));
        let Some(jobs) = jobs else { return };
        next = jobs.recv().ok();
    }
}
