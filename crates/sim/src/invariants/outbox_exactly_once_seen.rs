//! Each child begins once and under the task that asked for it; each end of a child closes its
//! task at most once, and never before the child has ended.

use fermata_decider::Event;
use fermata_decider::definition::Kind;
use fermata_types::TaskStatus;

use crate::shadow::{Facts, Shadow};
use crate::violation::{Checked, expect};

const NAME: &str = "outbox_exactly_once_seen";

/// Starts and ends of children in a durable batch.
pub(crate) fn check(shadow: &Shadow, facts: &Facts) -> Checked {
    for id in &facts.started {
        let Some(parent) = shadow.runs.get(id).and_then(|run| run.parent) else { continue };
        let Some(above) = shadow.runs.get(&parent.run()) else { continue };
        let asked = above.task(parent.number()).and_then(|task| task.child());
        expect(asked == Some(*id), NAME, || {
            format!("child {id} began for task {parent}, which asked for {asked:?}")
        })?;
    }
    for (id, event) in &facts.events {
        let Event::TaskClosed(closed) = event else { continue };
        let Some(run) = shadow.runs.get(id) else { continue };
        let Some(task) = run.task(closed.task) else { continue };
        let is_sub = matches!(run.step_of(task).kind, Kind::SubWorkflow { .. });
        let Some(child) = task.child().filter(|_| is_sub) else { continue };
        let times = facts.events.iter().filter(|(of, other)| {
            matches!(other, Event::TaskClosed(other) if of == id && other.task == closed.task)
        });
        expect(times.count() == 1, NAME, || format!("task {:?} of {id} ended twice", closed.task))?;
        let ended = shadow.runs.get(&child).map(|child| child.status);
        let is_ended = ended.is_none_or(fermata_types::RunStatus::is_terminal);
        let by_hand = closed.worker.is_some() || closed.status == TaskStatus::TimedOut;
        expect(is_ended || by_hand, NAME, || {
            format!("task {:?} of {id} ended, its child {child} is {ended:?}", closed.task)
        })?;
    }
    Ok(())
}
