//! What operators ask of a run: pause, resume, terminate.

use fermata_types::RunStatus;

use crate::context::Context;
use crate::event::Event;
use crate::rejection::Rejection;
use crate::run::decide::Decision;
use crate::run::plan::finish;
use crate::run::state::Run;

/// Holds the run (`conductor-semantics` 4.5); a paused run stays as it is.
pub(super) fn pause(run: &Run, context: Context<'_>) -> Decision {
    match run.status {
        RunStatus::Running => {
            Decision::done(vec![Event::RunPaused { at: context.now }], Vec::new())
        }
        RunStatus::Paused => Decision::nothing(),
        _ => Decision::Rejected(Rejection::Ended(run.id.to_string())),
    }
}

/// Lets the run go on; its workflow clock starts again.
pub(super) fn resume(run: &Run, context: Context<'_>) -> Decision {
    if run.status != RunStatus::Paused {
        let run_id = run.id.to_string();
        return Decision::Rejected(Rejection::NotPaused { run: run_id, status: run.status });
    }
    Decision::done(vec![Event::RunResumed { at: context.now }], Vec::new())
}

/// Ends the run from outside (`conductor-semantics` 4.4): a completed one stays, a failed or
/// timed-out one becomes TERMINATED (quirk 19).
/// Its failure workflow is started only if that is asked for (design 12), and never twice.
pub(super) fn terminate(
    run: &Run,
    reason: Option<&str>,
    triggers_failure_workflow: bool,
    context: Context<'_>,
) -> Decision {
    match run.status {
        RunStatus::Completed => Decision::Rejected(Rejection::Completed),
        RunStatus::Terminated => Decision::nothing(),
        _ => {
            let with_failure = triggers_failure_workflow && !run.status.is_terminal();
            close(run, reason.map(str::to_owned), with_failure, context)
        }
    }
}

/// Ends the run because its parent ended; one that has ended stays as it is (quirk 57).
pub(super) fn end_with_parent(run: &Run, reason: &str, context: Context<'_>) -> Decision {
    if run.status.is_terminal() {
        return Decision::nothing();
    }
    close(run, Some(reason.to_owned()), false, context)
}

fn close(run: &Run, reason: Option<String>, with_failure: bool, context: Context<'_>) -> Decision {
    let ending = finish::Ending { status: RunStatus::Terminated, reason, failed_task: None };
    let closed = if with_failure {
        finish::close(run, ending, context)
    } else {
        finish::close_from_outside(run, ending, context)
    };
    match closed {
        Ok(step) => Decision::done(step.events, step.effects),
        Err(needs) => Decision::Needs(needs),
    }
}
