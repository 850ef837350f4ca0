//! Workflows for what is large, long or many.

use serde_json::{Value, json};

use super::Subject;
use super::steps::{step, step_with, task, workflow};

/// Seconds after which a task of these is handed out again: longer than a restart takes.
const LONG_SECONDS: u32 = 3600;
/// Seconds of a lease that a kill is allowed to lose.
const SHORT_SECONDS: u32 = 5;

/// The name of the input that says how many iterations a [`long_loop`] has.
pub(crate) const LAST_TURNS: &str = "turns";

/// One run with a branch for each element of its input's `branches`.
pub(crate) fn fan_out() -> Subject {
    const NAME: &str = "fermata_bench_fan_out";
    const TASK: &str = "fermata_bench_branch";
    let mut subject = Subject::new(NAME, TASK, Vec::new());
    subject.response_seconds = LONG_SECONDS;
    let split = json!({
        "forkTaskName": TASK, "forkTaskType": "SIMPLE",
        "forkTaskInputs": "${workflow.input.branches}",
    });
    let steps = vec![
        step("FORK_JOIN_DYNAMIC", "split", split),
        step_with("JOIN", "meet", json!({}), json!({ "joinOn": [] })),
    ];
    subject.definitions = vec![workflow(NAME, steps)];
    subject
}

/// One run with a worker task in each of many iterations.
pub(crate) fn long_loop() -> Subject {
    const NAME: &str = "fermata_bench_long_loop";
    const TASK: &str = "fermata_bench_turn";
    let mut subject = Subject::new(NAME, TASK, Vec::new());
    subject.response_seconds = LONG_SECONDS;
    let steps = vec![step_with(
        "DO_WHILE",
        "loop",
        json!({ LAST_TURNS: format!("${{workflow.input.{LAST_TURNS}}}") }),
        json!({
            "loopCondition": format!("$.loop['iteration'] < $.{LAST_TURNS}"),
            "loopOver": [task(TASK, "turn")],
        }),
    )];
    subject.definitions = vec![workflow(NAME, steps)];
    subject
}

/// Runs that wait for somebody, without a deadline.
pub(crate) fn parked_at_wait() -> Subject {
    const NAME: &str = "fermata_bench_parked";
    let mut subject = Subject::new(NAME, "", vec!["parked".to_owned()]);
    subject.definitions = vec![workflow(NAME, vec![waiting("parked")])];
    subject
}

fn waiting(reference: &str) -> Value {
    step("WAIT", reference, json!({}))
}

/// The reference of the task that runs of [`parked_at_wait`] wait at.
pub(crate) const fn waiting_task() -> &'static str {
    "parked"
}

/// Runs with a task that nobody polls for a long time.
pub(crate) fn unpolled() -> Subject {
    let work = vec!["work".to_owned()];
    Subject::of_tasks("fermata_bench_unpolled", "fermata_bench_unpolled", work)
}

/// Five worker tasks each, some of them in hands when the server is killed.
pub(crate) fn recovery() -> Subject {
    let references = (1..=5).map(|number| format!("work{number}")).collect();
    let name = "fermata_bench_recovery";
    let mut subject = Subject::of_tasks(name, name, references);
    subject.response_seconds = SHORT_SECONDS;
    subject
}

/// Three worker tasks each, for a long time.
pub(crate) fn soak() -> Subject {
    let references = (1..=3).map(|number| format!("work{number}")).collect();
    Subject::of_tasks("fermata_bench_soak", "fermata_bench_soak", references)
}
