//! A command's own events, or a rejection, or what is lacking. One arm a command, no logic here.

use crate::command::Command;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::needs::Needs;
use crate::rejection::Rejection;
use crate::run::state::Run;
use crate::run::{deadline, message, operate, start, update, weigh};

use fermata_types::TaskNumber;

/// What an accepted command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done.
    Done,
    /// That task was leased.
    Leased(TaskNumber),
    /// That task took the result.
    Updated(TaskNumber),
    /// The result came after the end of its task or run: nothing changed, and that is no error.
    Unchanged(TaskNumber),
}

/// What came of a command.
#[derive(Debug)]
pub enum Decision {
    /// It is granted; the events may be none.
    Accepted {
        /// What happened.
        events: Vec<Event>,
        /// What must follow.
        effects: Vec<Effect>,
        /// What to answer.
        reply: Reply,
    },
    /// It is refused; nothing happened.
    Rejected(Rejection),
    /// It cannot be decided before this is fetched; nothing happened.
    Needs(Needs),
}

impl Decision {
    /// Granted with events and effects.
    pub(crate) fn done(events: Vec<Event>, effects: Vec<Effect>) -> Self {
        Self::Accepted { events, effects, reply: Reply::Done }
    }

    /// Granted, nothing to do.
    pub(crate) fn nothing() -> Self {
        Self::done(Vec::new(), Vec::new())
    }
}

/// Decides a command on the state of this moment.
#[must_use]
pub fn decide(run: &Run, command: &Command, context: Context<'_>) -> Decision {
    match of_command(run, command, context) {
        Decision::Accepted { events, mut effects, reply } => {
            let events = weigh::events(run, events, &mut effects, context);
            Decision::Accepted { events, effects, reply }
        }
        other => other,
    }
}

fn of_command(run: &Run, command: &Command, context: Context<'_>) -> Decision {
    match command {
        Command::Start(origin) => start::decide(run, origin),
        Command::Lease { task, epoch, worker } => {
            update::lease(run, *task, *epoch, worker.as_ref(), context)
        }
        Command::Return { task } => update::undo_lease(run, *task, context),
        Command::Update(update) => update::update(run, update, context),
        Command::UpdateByReference(update) => update::by_reference(run, update, context),
        Command::ExtendLease { task } => update::extend_lease(run, *task, context),
        Command::AppendLog { task, line } => update::append_log(run, *task, line, context),
        Command::Pause => operate::pause(run, context),
        Command::Resume => operate::resume(run, context),
        Command::Terminate { reason } => operate::terminate(run, reason.as_deref(), context),
        Command::EndWithParent { reason } => operate::end_with_parent(run, reason, context),
        Command::ChildEnded(end) => update::child_ended(run, end, context),
        Command::SendMessage { id, payload } => message::send(run, id, payload, context),
        Command::DeadlineReached { epoch } => deadline::reach(run, *epoch, context),
        Command::Continue => Decision::nothing(),
    }
}
