//! Reads every run back: COMPLETED, and each step completed exactly once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::client::{Answer, Client, Target};
use crate::definitions::Subject;
use crate::wire::{ReadRun, is_plain};

/// Mismatches that are shown; the rest is counted.
const MISMATCHES_SHOWN_MAX: usize = 10;

/// Pause before a run that is still open is read again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What reading back found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Verification {
    /// Runs read back: all that were begun.
    pub(crate) runs: usize,
    /// Those that read as they must.
    pub(crate) completed_once: usize,
    /// Those of them that were still open at first and closed within the settle time.
    pub(crate) settled_late: usize,
    pub(crate) mismatches: usize,
    /// The first few, in words.
    pub(crate) shown: Vec<String>,
    pub(crate) seconds: f64,
}

impl Verification {
    /// Of a workload that has looked by itself: how many runs, and what is wrong with which.
    pub(crate) fn judged(runs: usize, wrong: Vec<String>, seconds: f64) -> Self {
        let mismatches = wrong.len();
        Self {
            runs,
            completed_once: runs.saturating_sub(mismatches),
            settled_late: 0,
            mismatches,
            shown: wrong.into_iter().take(MISMATCHES_SHOWN_MAX).collect(),
            seconds,
        }
    }

    /// Both findings as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.completed_once += other.completed_once;
        self.settled_late += other.settled_late;
        self.mismatches += other.mismatches;
        self.shown.extend(other.shown);
        self.shown.truncate(MISMATCHES_SHOWN_MAX);
        self.seconds += other.seconds;
        self
    }
}

/// What is wrong with a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// It may yet close: looked at again until the settle time is over.
    Open(String),
    /// It was not answered with 200.
    Refused(u16),
    /// The answer cannot be read.
    Unreadable(String),
    /// It closed otherwise than it should.
    Closed(String),
    /// A step was completed so many times, not once.
    Completions { reference: String, times: usize },
    /// A step nobody defined.
    Unexpected(String),
    /// It names so many children, not one.
    Children(usize),
    /// A pull task did not consume exactly one message.
    Messages { reference: String, count: u64 },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(status) => write!(out, "still {status}"),
            Self::Refused(status) => write!(out, "reading it answers {status}"),
            Self::Unreadable(error) => write!(out, "unreadable: {error}"),
            Self::Closed(status) => write!(out, "closed as {status}"),
            Self::Completions { reference, times } => {
                write!(out, "step {reference} has {times} completed attempts")
            }
            Self::Unexpected(reference) => write!(out, "step {reference} is not in its definition"),
            Self::Children(count) => write!(out, "it names {count} children"),
            Self::Messages { reference, count } => {
                write!(out, "step {reference} consumed {count} messages")
            }
        }
    }
}

/// The steps that a run must have completed, and those of each of its children.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) references: Vec<String>,
    /// Empty when runs have no children.
    pub(crate) child_references: Vec<String>,
}

impl From<&Subject> for Expected {
    fn from(subject: &Subject) -> Self {
        Self {
            references: subject.references.clone(),
            child_references: subject.child_references.clone(),
        }
    }
}

/// Judges one run by what `GET /api/workflow/{id}?includeTasks=true` answered: every reference
/// must have exactly one COMPLETED attempt. Other attempts (timed out, failed) are no mismatch.
/// Returns the children that its tasks name.
pub(crate) fn judge(answer: &Answer, references: &[String]) -> Result<Vec<Box<str>>, Mismatch> {
    if answer.status != StatusCode::OK {
        return Err(Mismatch::Refused(answer.status.as_u16()));
    }
    let run: ReadRun<'_> = serde_json::from_slice(&answer.body)
        .map_err(|error| Mismatch::Unreadable(error.to_string()))?;
    match run.status.as_ref() {
        "COMPLETED" => {}
        status @ ("RUNNING" | "PAUSED") => return Err(Mismatch::Open(status.to_owned())),
        status => return Err(Mismatch::Closed(status.to_owned())),
    }
    let mut completions: BTreeMap<&str, usize> =
        references.iter().map(|reference| (reference.as_str(), 0)).collect();
    let mut children = Vec::new();
    for task in &run.tasks {
        children.extend(task.sub_workflow_id.as_deref().filter(|id| is_plain(id)).map(Box::from));
        let reference = task.reference_task_name.as_ref();
        let Some(times) = completions.get_mut(reference) else {
            return Err(Mismatch::Unexpected(reference.to_owned()));
        };
        if task.status != "COMPLETED" {
            continue;
        }
        *times += 1;
        if let Some(count) = task.output_data.count
            && count != 1
        {
            return Err(Mismatch::Messages { reference: reference.to_owned(), count });
        }
    }
    match completions.into_iter().find(|(_, times)| *times != 1) {
        None => Ok(children),
        Some((reference, times)) => {
            Err(Mismatch::Completions { reference: reference.to_owned(), times })
        }
    }
}

/// Everything the readers share.
struct Reading {
    target: Arc<Target>,
    runs: Vec<Box<str>>,
    expected: Expected,
    next: AtomicUsize,
    settle_until: Instant,
    found: Mutex<Verification>,
}

/// Reads all `runs` back over `connections` connections. Runs still open are looked at again
/// until `settle` has passed since the call; other servers may answer before they have moved.
pub(crate) async fn read_back(
    target: &Arc<Target>,
    runs: Vec<Box<str>>,
    expected: Expected,
    connections: u16,
    settle: Duration,
) -> Verification {
    let begun = Instant::now();
    let reading = Arc::new(Reading {
        target: Arc::clone(target),
        found: Mutex::new(Verification { runs: runs.len(), ..Verification::default() }),
        runs,
        expected,
        next: AtomicUsize::new(0),
        settle_until: begun + settle,
    });
    let mut readers = JoinSet::new();
    for _ in 0..connections {
        readers.spawn(Arc::clone(&reading).read());
    }
    readers.join_all().await;
    let mut found = reading.found.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = std::mem::take(&mut *found);
    found.seconds = begun.elapsed().as_secs_f64();
    // A reader that broke down must not make runs look verified.
    found.mismatches += found.runs - found.completed_once - found.mismatches;
    found
}

impl Reading {
    async fn read(self: Arc<Self>) {
        let mut client = Client::new(Arc::clone(&self.target));
        while let Some(run) = self.runs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let (verdict, was_open) = self.read_run(&mut client, run).await;
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            match verdict {
                Ok(()) => {
                    found.completed_once += 1;
                    found.settled_late += usize::from(was_open);
                }
                Err(mismatch) => {
                    found.mismatches += 1;
                    if found.shown.len() < MISMATCHES_SHOWN_MAX {
                        found.shown.push(format!("{run}: {mismatch}"));
                    }
                }
            }
        }
    }

    /// The verdict, and whether the run was still open when first looked at.
    async fn read_run(&self, client: &mut Client, run: &str) -> (Result<(), Mismatch>, bool) {
        let mut was_open = false;
        loop {
            let verdict = self.look_at_family(client, run).await;
            let is_open = matches!(verdict, Err(Mismatch::Open(_)));
            if !is_open || Instant::now() >= self.settle_until {
                return (verdict, was_open);
            }
            was_open = true;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The run itself, and its child where it has one.
    async fn look_at_family(&self, client: &mut Client, run: &str) -> Result<(), Mismatch> {
        let Expected { references, child_references } = &self.expected;
        let children = self.look(client, run, references).await?;
        if child_references.is_empty() {
            return Ok(());
        }
        let [child] = children.as_slice() else {
            return Err(Mismatch::Children(children.len()));
        };
        self.look(client, child, child_references).await.map(|_| ())
    }

    async fn look(
        &self,
        client: &mut Client,
        run: &str,
        references: &[String],
    ) -> Result<Vec<Box<str>>, Mismatch> {
        if !is_plain(run) {
            return Err(Mismatch::Unreadable(format!("{run:?} is no run id")));
        }
        let broken = |error: anyhow::Error| Mismatch::Unreadable(format!("{error:#}"));
        let uri = self.target.uri(&format!("/api/workflow/{run}?includeTasks=true"));
        let answer = client.get(&uri.map_err(broken)?, Duration::ZERO).await.map_err(broken)?;
        judge(&answer, references)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn task(reference: &str, status: &str) -> Value {
        let child = (reference == "two").then_some("child-1");
        json!({
            "referenceTaskName": reference, "status": status, "subWorkflowId": child,
            "outputData": { "done": true },
        })
    }

    fn judged(status: &str, tasks: &[Value]) -> Result<(), Mismatch> {
        let body = json!({ "workflowId": "r", "status": status, "tasks": tasks }).to_string();
        let answer = Answer { status: StatusCode::OK, body: Bytes::from(body) };
        judge(&answer, &["one".to_owned(), "two".to_owned()]).map(|children| {
            assert_eq!(children, [Box::from("child-1")], "what the second step started");
        })
    }

    #[test]
    fn a_run_completed_once_is_right() {
        let tasks = [task("one", "COMPLETED"), task("two", "COMPLETED")];
        assert_eq!(judged("COMPLETED", &tasks), Ok(()));
    }

    #[test]
    fn an_attempt_that_failed_before_is_no_mismatch() {
        let tasks = [task("one", "TIMED_OUT"), task("one", "COMPLETED"), task("two", "COMPLETED")];
        assert_eq!(judged("COMPLETED", &tasks), Ok(()));
    }

    #[test]
    fn a_step_completed_twice_or_never_is_found() {
        let twice = [task("one", "COMPLETED"), task("one", "COMPLETED"), task("two", "COMPLETED")];
        let reference = "one".to_owned();
        assert_eq!(
            judged("COMPLETED", &twice),
            Err(Mismatch::Completions { reference: reference.clone(), times: 2 })
        );
        assert_eq!(
            judged("COMPLETED", &[task("two", "COMPLETED")]),
            Err(Mismatch::Completions { reference, times: 0 })
        );
    }

    #[test]
    fn a_step_from_nowhere_is_found() {
        let tasks =
            [task("one", "COMPLETED"), task("two", "COMPLETED"), task("three", "COMPLETED")];
        assert_eq!(judged("COMPLETED", &tasks), Err(Mismatch::Unexpected("three".to_owned())));
    }

    #[test]
    fn only_completed_will_do() {
        assert_eq!(judged("RUNNING", &[]), Err(Mismatch::Open("RUNNING".to_owned())));
        assert_eq!(judged("FAILED", &[]), Err(Mismatch::Closed("FAILED".to_owned())));
    }

    #[test]
    fn a_message_consumed_twice_is_found() {
        let pulled = json!({
            "referenceTaskName": "one", "status": "COMPLETED", "outputData": { "count": 2 },
        });
        let reference = "one".to_owned();
        assert_eq!(
            judged("COMPLETED", &[pulled, task("two", "COMPLETED")]),
            Err(Mismatch::Messages { reference, count: 2 })
        );
    }

    #[test]
    fn an_answer_that_is_no_run_is_a_mismatch() {
        let missing = Answer { status: StatusCode::NOT_FOUND, body: Bytes::new() };
        assert_eq!(judge(&missing, &[]), Err(Mismatch::Refused(404)));
        let broken = Answer { status: StatusCode::OK, body: Bytes::from_static(b"{") };
        assert!(matches!(judge(&broken, &[]), Err(Mismatch::Unreadable(_))));
    }
}
