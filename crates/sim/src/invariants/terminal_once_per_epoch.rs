//! Terminal is terminal within an epoch, except that FAILED and TIMED_OUT may become TERMINATED.

use fermata_decider::{Event, Run};
use fermata_types::RunStatus;

use crate::violation::{Checked, expect};

/// An event about to be folded into a durable run.
pub(crate) fn check(run: &Run, event: &Event) -> Checked {
    if !run.status.is_terminal() {
        return Ok(());
    }
    let may_be_terminated = matches!(run.status, RunStatus::Failed | RunStatus::TimedOut);
    let terminates = matches!(event, Event::RunClosed { status: RunStatus::Terminated, .. });
    expect(may_be_terminated && terminates, "terminal_once_per_epoch", || {
        format!("run {} is {} and yet {event:?}", run.id, run.status)
    })
}
