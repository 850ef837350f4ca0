//! A task in memory: small, with its payloads elsewhere.

use fermata_types::{EventNumber, RunId, Span, TaskNumber, TaskStatus, Timestamp};

use crate::definition::StepId;

/// Where a payload is: the history row that brought it, and the event's place in that row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    /// Number of the row's first event.
    pub row: EventNumber,
    /// The event's index in the row.
    pub index: u16,
}

/// What only some tasks have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// Why it did not complete.
    pub reason: Option<String>,
    /// Who has it or had it.
    pub worker: Option<String>,
    /// Domain of its queue.
    pub domain: Option<String>,
    /// The child run of a SUB_WORKFLOW.
    pub child: Option<RunId>,
    /// When a timed WAIT ends.
    pub wait_until: Option<Timestamp>,
    /// The iteration a DO_WHILE is in.
    pub loop_iteration: u32,
    /// The item of that iteration, in a DO_WHILE over a list.
    pub item: Option<Stored>,
    /// The last step of a DO_WHILE's iteration is done with.
    pub body_ended: bool,
    /// Tasks a JOIN still waits for.
    pub waiting_on: u32,
}

/// One attempt at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number.
    pub number: TaskNumber,
    /// Its step.
    pub step: StepId,
    /// Iteration of the enclosing loop; 0 outside.
    pub iteration: u32,
    /// The enclosing loop's task; 0 outside.
    pub scope: TaskNumber,
    /// Attempts before this one.
    pub retry_count: u32,
    /// The attempt this one replaces; 0 for the first.
    pub replaces: TaskNumber,
    /// Status as decided; an open task of an ended run reads as CANCELED.
    pub status: TaskStatus,
    /// A newer attempt replaced it.
    pub retried: bool,
    /// What follows it is due or done.
    pub executed: bool,
    /// Deliveries to workers.
    pub poll_count: u32,
    /// When it was made.
    pub scheduled: Timestamp,
    /// When the first attempt was made.
    pub first_scheduled: Timestamp,
    /// When it was first taken, or began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The last sign of life (quirk 2: not moved by the end).
    pub updated: Timestamp,
    /// Delay of this attempt before its first delivery.
    pub start_delay: Span,
    /// Delay of its present stay in the queue; zero once taken.
    pub callback_after: Span,
    /// Its input.
    pub input: Stored,
    /// Its output; none is `{}` or derived.
    pub output: Option<Stored>,
    /// Ready time of its queue row while it has one.
    pub queued: Option<Timestamp>,
    /// Its entry in the run's deadline index.
    pub due: Option<Timestamp>,
    /// What only some tasks have.
    pub extra: Option<Box<Extra>>,
}

impl Task {
    /// The rare part, made when first written to.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Why it did not complete.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.extra.as_ref()?.reason.as_deref()
    }

    /// Who has it or had it.
    #[must_use]
    pub fn worker(&self) -> Option<&str> {
        self.extra.as_ref()?.worker.as_deref()
    }

    /// Domain of its queue.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.extra.as_ref()?.domain.as_deref()
    }

    /// The child run of a SUB_WORKFLOW.
    #[must_use]
    pub fn child(&self) -> Option<RunId> {
        self.extra.as_ref()?.child
    }

    /// When a timed WAIT ends.
    #[must_use]
    pub fn wait_until(&self) -> Option<Timestamp> {
        self.extra.as_ref()?.wait_until
    }

    /// The item of the iteration that a DO_WHILE over a list is in.
    #[must_use]
    pub fn item(&self) -> Option<Stored> {
        self.extra.as_ref()?.item
    }

    /// The iteration a DO_WHILE is in; 0 before its first.
    #[must_use]
    pub fn loop_iteration(&self) -> u32 {
        self.extra.as_ref().map_or(0, |extra| extra.loop_iteration)
    }
}
