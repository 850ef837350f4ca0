//! Messages into lane `default`: accepted outside history, with the lane row as their truth.

use fermata_types::{Payload, limits};

use crate::context::Context;
use crate::effect::Effect;
use crate::needs::Needs;
use crate::rejection::Rejection;
use crate::run::decide::Decision;
use crate::run::state::Run;

/// Accepts a message (`conductor-rest` 1.2). A run that is not RUNNING takes none; a full lane
/// refuses until one is consumed. `advance` wakes a waiting task in the same commit.
pub(super) fn send(run: &Run, id: &str, payload: &Payload, context: Context<'_>) -> Decision {
    let name = run.id.to_string();
    if run.status != fermata_types::RunStatus::Running {
        return Decision::Rejected(Rejection::NotRunning { run: name, status: run.status });
    }
    if run.lane.pending() >= limits::LANE_MESSAGES_MAX {
        let limit = limits::LANE_MESSAGES_MAX;
        return Decision::Rejected(Rejection::LaneFull { run: name, limit });
    }
    let limit = context.fetched.payload_limits().message;
    if payload.len() > limit {
        return Decision::Rejected(Rejection::MessageTooLarge { size: payload.len(), limit });
    }
    // What the waiting task needs is fetched before the message is accepted, so that both happen
    // in one commit: a wake-up never comes later than its message.
    let waiting = run.pulls.first().and_then(|number| run.task(*number));
    if let Some(task) = waiting
        && context.fetched.payload(task.input).is_none()
    {
        return Decision::Needs(Needs::payloads(vec![task.input]));
    }
    let append = Effect::AppendMessage {
        offset: run.lane.head.next(),
        id: id.to_owned(),
        payload: payload.clone(),
        received: context.now,
    };
    Decision::done(Vec::new(), vec![append])
}
