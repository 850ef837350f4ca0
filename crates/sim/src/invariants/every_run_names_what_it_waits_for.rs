//! Every durable run that has not ended names what it waits for: a task in its queue, a deadline,
//! a message, a child, a person, a pause. Rows that say so are in the batch that made them true.

use std::collections::BTreeSet;

use fermata_decider::Run;
use fermata_decider::definition::Kind;
use fermata_decider::run::Task;
use fermata_decider::run::plan::queueing::queue_name;
use fermata_runtime::shard::deadlines;
use fermata_runtime::shard::relay::Internal;
use fermata_storage::{QueueKey, Ready, RowKey};
use fermata_types::{RunId, RunStatus, ShardId, TaskStatus};

use crate::shadow::Shadow;
use crate::violation::{Checked, Violation, expect};

const NAME: &str = "every_run_names_what_it_waits_for";
/// Deadline rows a run may have: the one it needs, and a few that have not been met yet.
const ROWS_MAX: usize = 6;

/// The durable rows of one run, after a group is durable as a whole.
pub(crate) fn check(shadow: &Shadow, shard: ShardId, id: RunId) -> Checked {
    let Some(run) = shadow.runs.get(&id) else { return Ok(()) };
    let rows = shadow.deadlines.get(&id);
    if run.status.is_terminal() {
        // Rows that are left are removed when they are met; `audits_find_nothing` sees to that.
        return Ok(());
    }
    let deadline = rows.and_then(|rows| rows.first().copied());
    let few = rows.map_or(0, BTreeSet::len) <= ROWS_MAX;
    expect(few, NAME, || format!("run {id} has deadline rows {rows:?}"))?;
    let wanted = deadlines::wanted(run);
    let is_armed = match (wanted, deadline) {
        (Some(wanted), Some(row)) => row <= wanted,
        (Some(_), None) => false,
        (None, _) => true,
    };
    expect(is_armed, NAME, || {
        format!("run {id} has to go on at {wanted:?}, its deadline row is due {deadline:?}")
    })?;
    let mut waits = false;
    for task in run.tasks.iter().filter(|task| !task.status.is_terminal()) {
        waits |= waits_outside(shadow, shard, run, task)?;
    }
    let goes_on = run.status == RunStatus::Paused || !run.is_quiet();
    expect(goes_on || waits, NAME, || format!("run {id} waits for nothing"))
}

/// Whether something outside the run will move this open task.
fn waits_outside(
    shadow: &Shadow,
    shard: ShardId,
    run: &Run,
    task: &Task,
) -> Result<bool, Violation> {
    match &run.step_of(task).kind {
        Kind::Worker { task_type } => {
            if task.status == TaskStatus::Scheduled {
                is_queued(shadow, shard, run, task, task_type)?;
            }
            Ok(true)
        }
        Kind::SubWorkflow { .. } => {
            has_child(shadow, shard, run, task)?;
            Ok(true)
        }
        Kind::StartWorkflow => {
            is_asked_for(shadow, run, task)?;
            Ok(true)
        }
        Kind::Wait | Kind::Human | Kind::PullMessages | Kind::Event { .. } => Ok(true),
        _ => Ok(false),
    }
}

/// A START_WORKFLOW task waits for the end of its delay, which is a deadline, or for a command
/// that is on its way, here or in another shard.
fn is_asked_for(shadow: &Shadow, run: &Run, task: &Task) -> Checked {
    let id = run.id.task(task.number);
    let is_about = |command: &Internal| match command {
        Internal::StartRun(start) => start.asked_by.is_some_and(|asked| asked.task == id),
        Internal::StartAnswered(answer) => answer.asked_by.task == id,
        _ => false,
    };
    let is_known = task.status == TaskStatus::Scheduled || shadow.outbox.values().any(is_about);
    expect(is_known, NAME, || format!("task {id} waits for a start that is not on its way"))
}

fn is_queued(shadow: &Shadow, shard: ShardId, run: &Run, task: &Task, task_type: &str) -> Checked {
    let id = run.id.task(task.number);
    let Some(due) = task.queued() else {
        return Err(Violation { invariant: NAME, what: format!("task {id} is in no queue") });
    };
    let key = QueueKey {
        shard,
        queue: queue_name(task_type, task.domain()),
        ready: Ready { priority: run.priority, due, age: id },
    };
    expect(shadow.rows.contains_key(&RowKey::Queue(key)), NAME, || {
        format!("task {id} of queue {task_type} has no row")
    })
}

fn has_child(shadow: &Shadow, shard: ShardId, run: &Run, task: &Task) -> Checked {
    let id = run.id.task(task.number);
    let Some(child) = task.child() else {
        if task.status == TaskStatus::Scheduled {
            // It waits for the end of a retry's delay, which is a deadline.
            return Ok(());
        }
        return Err(Violation { invariant: NAME, what: format!("task {id} has no child") });
    };
    let mut commands = shadow
        .outbox
        .iter()
        .filter(|((source, _), _)| *source == shard)
        .map(|(_, command)| command);
    let found = match shadow.runs.get(&child) {
        Some(found) if !found.status.is_terminal() => true,
        Some(_) => commands
            .any(|command| matches!(command, Internal::ChildEnded(end) if end.child == child)),
        None => commands.any(|command| {
            matches!(command, Internal::StartChild { child: asked, .. } if *asked == child)
        }),
    };
    expect(found || shadow.deleted.contains(&child), NAME, || {
        let status = shadow.runs.get(&child).map(|child| child.status);
        format!(
            "task {id} waits for child {child}, which is {status:?}, and no command is on its way"
        )
    })
}
