//! Joins what the starting side and the working side saw of each run.
//!
//! A worker may hold a run's task before the answer to its start has arrived, so each side writes
//! down its own moment and whoever comes second takes the measure.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;

use crate::report::Latency;

/// Failures whose text is kept; the rest is counted.
const FAILURE_TEXTS_MAX: usize = 5;

/// How often the end of the open runs is looked for.
const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// Runs that may be open in an open loop: more than any rate and length allowed can begin.
const OPEN_LOOP_RUNS_MAX: usize = 1 << 28;

/// The measured stretch of a workload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Window {
    /// Starts now, with an unmeasured part first.
    pub(crate) fn after(warmup: Duration, measured: Duration) -> Self {
        let from = Instant::now() + warmup;
        Self { from, until: from + measured }
    }

    fn holds(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// Whether both ends of a run are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    OneKnown,
    BothKnownNow,
    KnownBefore,
}

#[derive(Debug, Default)]
struct Moments {
    begun: Option<Instant>,
    in_hands: Option<Instant>,
    done: Option<Instant>,
}

/// What was seen of all runs of one workload.
#[derive(Debug)]
pub(crate) struct Tracker {
    window: Window,
    runs: HashMap<Box<str>, Moments>,
    open: u64,
    failures: BTreeMap<&'static str, u64>,
    failure_texts: Vec<String>,
    /// Runs whose end fell into the window.
    pub(crate) done_in_window: u64,
    /// Runs whose last task was acknowledged, whoever began them.
    pub(crate) done_total: u64,
    /// Last tasks that were completed a second time: handed out again by the server.
    pub(crate) done_again: u64,
    /// Run ids that two starts were answered with.
    pub(crate) begun_again: u64,
    /// Tasks handed to workers.
    pub(crate) tasks_in_hands: u64,
    /// From the server's own stamp, which is in whole milliseconds, to the client's receipt.
    pub(crate) ready_to_hands: Latency,
    /// From the (intended) begin to the first task in a worker's hands.
    pub(crate) begin_to_hands: Latency,
    /// From the (intended) begin to the answer that closed the run.
    pub(crate) begin_to_done: Latency,
    /// From the (intended) begin to its own answer.
    pub(crate) begin_to_answer: Latency,
}

impl Tracker {
    pub(crate) fn new(window: Window) -> Self {
        Self {
            window,
            runs: HashMap::new(),
            open: 0,
            failures: BTreeMap::new(),
            failure_texts: Vec::new(),
            done_in_window: 0,
            done_total: 0,
            done_again: 0,
            begun_again: 0,
            tasks_in_hands: 0,
            ready_to_hands: Latency::default(),
            begin_to_hands: Latency::default(),
            begin_to_done: Latency::default(),
            begin_to_answer: Latency::default(),
        }
    }

    /// The run began at `at`: the moment its start, or the message it waited for, was due.
    pub(crate) fn begun(&mut self, run: &str, at: Instant) -> Ends {
        let window = self.window;
        let moments = entry(&mut self.runs, run);
        if moments.begun.is_some() {
            self.begun_again += 1;
            return Ends::KnownBefore;
        }
        moments.begun = Some(at);
        self.open += 1;
        if let Some(in_hands) = moments.in_hands
            && window.holds(at)
        {
            self.begin_to_hands.record(in_hands.saturating_duration_since(at));
        }
        let done = moments.done;
        self.both_ends(Some(at), done)
    }

    /// The begin was answered at `answered`.
    pub(crate) fn begin_answered(&mut self, begun: Instant, answered: Instant) {
        if self.window.holds(begun) {
            self.begin_to_answer.record(answered.saturating_duration_since(begun));
        }
    }

    /// A worker got a task of the run; `ready_ms` is the server's stamp, 0 if it gave none.
    pub(crate) fn in_hands(&mut self, run: &str, now: Now, ready_ms: u64) {
        self.tasks_in_hands += 1;
        if ready_ms > 0 && self.window.holds(now.instant) {
            let ready = Duration::from_millis(ready_ms);
            self.ready_to_hands.record(now.since_epoch.saturating_sub(ready));
        }
        let window = self.window;
        let moments = entry(&mut self.runs, run);
        if moments.in_hands.is_some() {
            return;
        }
        moments.in_hands = Some(now.instant);
        if let Some(begun) = moments.begun
            && window.holds(begun)
        {
            self.begin_to_hands.record(now.instant.saturating_duration_since(begun));
        }
    }

    /// The answer that closed the run came at `at`.
    pub(crate) fn done(&mut self, run: &str, at: Instant) -> Ends {
        let moments = entry(&mut self.runs, run);
        if moments.done.is_some() {
            self.done_again += 1;
            return Ends::KnownBefore;
        }
        moments.done = Some(at);
        self.done_total += 1;
        let begun = moments.begun;
        self.both_ends(begun, Some(at))
    }

    fn both_ends(&mut self, begun: Option<Instant>, done: Option<Instant>) -> Ends {
        let (Some(begun), Some(done)) = (begun, done) else { return Ends::OneKnown };
        self.open = self.open.saturating_sub(1);
        if self.window.holds(begun) {
            self.begin_to_done.record(done.saturating_duration_since(begun));
        }
        if self.window.holds(done) {
            self.done_in_window += 1;
        }
        Ends::BothKnownNow
    }

    /// A call failed; such figures are not worth much, so the report leads with it.
    pub(crate) fn failed(&mut self, call: &'static str, error: &anyhow::Error) {
        *self.failures.entry(call).or_default() += 1;
        if self.failure_texts.len() < FAILURE_TEXTS_MAX {
            let text = format!("{call}: {error:#}");
            if !self.failure_texts.contains(&text) {
                self.failure_texts.push(text);
            }
        }
    }

    /// Failed calls by kind, and the first few different texts.
    pub(crate) fn failures(&self) -> (&BTreeMap<&'static str, u64>, &[String]) {
        (&self.failures, &self.failure_texts)
    }

    /// Ids of the runs this workload began.
    pub(crate) fn begun_runs(&self) -> Vec<Box<str>> {
        self.runs
            .iter()
            .filter(|(_, seen)| seen.begun.is_some())
            .map(|(run, _)| run.clone())
            .collect()
    }

    /// Runs whose tasks came to our workers although nobody here began them.
    pub(crate) fn foreign_runs(&self) -> u64 {
        self.runs.values().map(|seen| u64::from(seen.begun.is_none())).sum()
    }

    /// Runs begun and not yet done.
    pub(crate) fn open(&self) -> u64 {
        self.open
    }
}

/// Looks a run up without copying its id, unless it is new.
fn entry<'a>(runs: &'a mut HashMap<Box<str>, Moments>, run: &str) -> &'a mut Moments {
    if !runs.contains_key(run) {
        runs.insert(run.into(), Moments::default());
    }
    runs.get_mut(run).expect("it was inserted just above")
}

/// One moment on both clocks: the steady one for spans, the wall clock for server stamps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) since_epoch: Duration,
}

impl Now {
    pub(crate) fn read() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), since_epoch }
    }
}

/// What all clients of one workload share.
#[derive(Debug)]
pub(crate) struct Field {
    tracker: Mutex<Tracker>,
    /// One permit for each run that may still be opened.
    pub(crate) room: Semaphore,
    pub(crate) window: Window,
    /// Whether a start waits for room, so that its time begins when it has it.
    pub(crate) is_closed_loop: bool,
}

impl Field {
    /// For a closed loop with at most `open_runs_max` runs begun and not done.
    pub(crate) fn closed(window: Window, open_runs_max: u32) -> Self {
        let room = usize::try_from(open_runs_max).unwrap_or(Semaphore::MAX_PERMITS);
        let room = Semaphore::new(room.min(Semaphore::MAX_PERMITS));
        Self { tracker: Mutex::new(Tracker::new(window)), room, window, is_closed_loop: true }
    }

    /// For an open loop: there is always room.
    pub(crate) fn open(window: Window) -> Self {
        let room = Semaphore::new(OPEN_LOOP_RUNS_MAX);
        Self { tracker: Mutex::new(Tracker::new(window)), room, window, is_closed_loop: false }
    }

    /// The tracker; held for a few lines, never across a wait.
    pub(crate) fn tracker(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a run's place back once both its ends are known.
    pub(crate) fn settle(&self, ends: Ends) {
        if ends == Ends::BothKnownNow {
            self.room.add_permits(1);
        }
    }

    /// Waits until no run is open, at most `limit`.
    pub(crate) async fn drain(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.tracker().open() > 0 && Instant::now() < deadline {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker() -> (Tracker, Instant) {
        let from = Instant::now();
        let until = from + Duration::from_secs(10);
        (Tracker::new(Window { from, until }), from)
    }

    #[test]
    fn either_side_may_come_first() {
        let (mut tracker, start) = tracker();
        let later = start + Duration::from_millis(5);
        assert_eq!(tracker.begun("a", start), Ends::OneKnown);
        assert_eq!(tracker.open(), 1);
        assert_eq!(tracker.done("a", later), Ends::BothKnownNow);
        assert_eq!(tracker.done("b", later), Ends::OneKnown);
        assert_eq!(tracker.begun("b", start), Ends::BothKnownNow);
        assert_eq!(tracker.open(), 0);
        assert_eq!(tracker.done_in_window, 2);
        assert_eq!(tracker.begin_to_done.summary().samples, 2);
    }

    #[test]
    fn a_second_completion_is_counted_and_frees_nothing() {
        let (mut tracker, start) = tracker();
        tracker.begun("a", start);
        tracker.done("a", start);
        assert_eq!(tracker.done("a", start), Ends::KnownBefore);
        assert_eq!(tracker.begun("a", start), Ends::KnownBefore);
        assert_eq!((tracker.done_again, tracker.begun_again), (1, 1));
        assert_eq!(tracker.begun_runs().len(), 1);
    }

    #[test]
    fn foreign_runs_are_not_ours_to_verify() {
        let (mut tracker, start) = tracker();
        tracker.done("stray", start);
        assert_eq!(tracker.foreign_runs(), 1);
        assert!(tracker.begun_runs().is_empty());
        assert_eq!(tracker.done_in_window, 0);
    }

    #[test]
    fn what_falls_outside_the_window_is_not_measured() {
        let (mut tracker, start) = tracker();
        let outside = start + Duration::from_secs(11);
        tracker.begun("late", outside);
        tracker.done("late", outside);
        assert_eq!(tracker.done_in_window, 0);
        assert_eq!(tracker.begin_to_done.summary().samples, 0);
        assert_eq!(tracker.begun_runs().len(), 1);
    }

    #[test]
    fn the_servers_stamp_gives_the_time_to_the_hands() {
        let (mut tracker, start) = tracker();
        let now = Now { instant: start, since_epoch: Duration::from_micros(1_003_500) };
        tracker.in_hands("a", now, 1_000);
        let summary = tracker.ready_to_hands.summary();
        assert_eq!(summary.samples, 1);
        assert!((3_490..=3_510).contains(&summary.max_us), "{summary:?}");
    }
}
