//! Start: the first event of a run.

use crate::event::{Event, Origin};
use crate::rejection::Rejection;
use crate::run::decide::Decision;
use crate::run::state::Run;

/// Begins a run. A run that exists already is the machine's to find, before it gets here.
pub(super) fn decide(run: &Run, origin: &Origin) -> Decision {
    if run.has_started() {
        return Decision::Rejected(Rejection::Invalid {
            field: "workflowId",
            what: "the run has already started".to_owned(),
        });
    }
    Decision::done(vec![Event::RunStarted(Box::new(origin.clone()))], Vec::new())
}
