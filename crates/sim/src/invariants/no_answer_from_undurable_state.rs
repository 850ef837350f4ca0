//! No answer, also no rejection, no "unchanged" and no read, rests on a state that a crash at this
//! moment would take back.

use fermata_decider::run::decide::Reply;
use fermata_decider::{Rejection, Run};
use fermata_runtime::shard::request::{Answer, Failure};

use crate::invariants::memory_is_the_fold::differs;
use crate::shadow::Shadow;
use crate::violation::{Checked, expect};
use crate::workload::op::{What, granted};
use crate::world::asked::Asked;

const NAME: &str = "no_answer_from_undurable_state";

/// An answer about a run, against the durable state of that moment.
pub(crate) fn check(shadow: &Shadow, asked: &Asked, what: &What, answer: &Answer) -> Checked {
    match answer {
        Answer::Failed(failure) => {
            return expect(*failure != Failure::Unreadable, NAME, || {
                format!("{asked:?}: rows cannot be read")
            });
        }
        Answer::NotFound => return absent(shadow, asked),
        Answer::Run(run) => not_ahead(shadow, run)?,
        Answer::Watched(watched) => not_ahead(shadow, &watched.target)?,
        Answer::Refused(Rejection::Completed) => ended(shadow, asked)?,
        _ => {}
    }
    if let Some(Reply::Unchanged(number)) = granted(answer)
        && let Some(run) = asked.run.and_then(|run| shadow.runs.get(&run))
        && let Some(task) = run.task(*number)
    {
        expect(run.shown_status(task).is_terminal(), NAME, || {
            format!("{what:?} came too late, but the task is durably {}", task.status)
        })?;
    }
    not_behind(shadow, asked)
}

/// Everything the server knew of the run when it was asked is durable by now.
fn not_behind(shadow: &Shadow, asked: &Asked) -> Checked {
    let Some(run) = asked.run else { return Ok(()) };
    let Some(durable) = shadow.runs.get(&run) else {
        let is_known = shadow.deleted.contains(&run) || asked.seen.last.0 == 0;
        return expect(is_known, NAME, || format!("answered {asked:?}, the run is not durable"));
    };
    let (seen, lane) = (&asked.seen, durable.lane);
    let is_durable =
        durable.last >= seen.last && lane.head >= seen.lane.head && lane.cursor >= seen.lane.cursor;
    expect(is_durable, NAME, || {
        format!("answered {asked:?}, durable are event {} and {lane:?}", durable.last)
    })
}

fn absent(shadow: &Shadow, asked: &Asked) -> Checked {
    let is_absent = asked.run.is_none_or(|run| !shadow.runs.contains_key(&run));
    expect(is_absent, NAME, || format!("{asked:?} is not found, but durably there"))
}

fn ended(shadow: &Shadow, asked: &Asked) -> Checked {
    let run = asked.run.and_then(|run| shadow.runs.get(&run));
    expect(run.is_none_or(|run| run.status.is_terminal()), NAME, || {
        format!("{asked:?} is refused because of an end that is not durable")
    })
}

fn not_ahead(shadow: &Shadow, shown: &Run) -> Checked {
    let Some(durable) = shadow.runs.get(&shown.id) else {
        return expect(shadow.deleted.contains(&shown.id), NAME, || {
            format!("run {} was shown, it is not durable", shown.id)
        });
    };
    expect(shown.last <= durable.last, NAME, || {
        format!("run {} was shown at event {}, durable is {}", shown.id, shown.last, durable.last)
    })?;
    let difference = (shown.last == durable.last && shown.lane == durable.lane)
        .then(|| differs(shown, durable))
        .flatten();
    expect(difference.is_none(), NAME, || {
        format!("run {} was shown with another {}", shown.id, difference.unwrap_or(""))
    })
}
