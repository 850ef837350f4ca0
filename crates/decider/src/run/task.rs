//! A task in memory: small, with its payloads elsewhere. A run may have 100,000 of them, so the
//! common ones cost 88 bytes and no allocation of their own (design 4).

use std::num::NonZeroU64;
use std::sync::Arc;

use fermata_types::{EventNumber, RunId, Span, TaskNumber, TaskStatus, Timestamp};

use crate::definition::StepId;
use crate::run::holders::Holder;

/// Bits of a [`Stored`] that hold the index.
const INDEX_BITS: u32 = 16;

/// Where a payload is: the history row that brought it, and the event's place in that row. Eight
/// bytes, also where there may be none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored(NonZeroU64);

impl Stored {
    /// In the row whose first event has that number, at that index. Rows beyond 2^47, which no run
    /// lives to have, all read as the last of them.
    #[must_use]
    pub const fn new(row: EventNumber, index: u16) -> Self {
        let most = (1 << (u64::BITS - INDEX_BITS - 1)) - 1;
        let row = if row.0 > most { most } else { row.0 };
        Self(NonZeroU64::MIN.saturating_add((row << INDEX_BITS) | index as u64))
    }

    /// Number of the row's first event.
    #[must_use]
    pub const fn row(self) -> EventNumber {
        EventNumber((self.0.get() - 1) >> INDEX_BITS)
    }

    /// The event's index in the row.
    #[must_use]
    pub const fn index(self) -> u16 {
        let low = (self.0.get() - 1) & (u16::MAX as u64);
        low as u16
    }

    /// The number of the event itself.
    #[must_use]
    pub const fn event(self) -> EventNumber {
        EventNumber(self.row().0 + self.index() as u64)
    }

    /// One number for both; never 0.
    #[must_use]
    pub const fn packed(self) -> u64 {
        self.0.get()
    }

    /// The place that [`Self::packed`] gave the number of; none for 0.
    #[must_use]
    pub const fn from_packed(packed: u64) -> Option<Self> {
        match NonZeroU64::new(packed) {
            Some(packed) => Some(Self(packed)),
            None => None,
        }
    }
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stored({}+{})", self.row(), self.index())
    }
}

/// What only some tasks have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// Why it did not complete.
    pub reason: Option<String>,
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
    /// Tasks a JOIN still waits for; of an EXCLUSIVE_JOIN the task that decided it.
    pub waiting_on: u32,
    /// Attempts before this one.
    pub retry_count: u32,
    /// The attempt this one replaces; 0 for the first.
    pub replaces: TaskNumber,
    /// When the first attempt was made, if this is a later one.
    pub first_scheduled: Option<Timestamp>,
    /// Delay of this attempt before its first delivery.
    pub start_delay: Span,
    /// Delay of its present stay in the queue; zero once taken.
    pub callback_after: Span,
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
    /// Deliveries to workers.
    pub poll_count: u32,
    /// Status as decided; an open task of an ended run reads as CANCELED.
    pub status: TaskStatus,
    /// A newer attempt replaced it.
    pub retried: bool,
    /// What follows it is due or done.
    pub executed: bool,
    /// When it was made.
    pub scheduled: Timestamp,
    /// When it was first taken, or began.
    pub started: Timestamp,
    /// The last sign of life (quirk 2: not moved by the end).
    pub updated: Timestamp,
    /// Of an ended task, when it ended; of an open one, its ready time while it is queued.
    pub(super) ended_or_ready: Timestamp,
    /// Its input.
    pub input: Stored,
    /// Its output; none is `{}` or derived.
    pub output: Option<Stored>,
    /// Who has it or had it, and where; shared by all tasks of the same worker.
    pub(super) holder: Option<Arc<Holder>>,
    /// What only some tasks have.
    pub(super) extra: Option<Box<Extra>>,
}

/// Stands for "not in a queue" in [`Task::ended_or_ready`].
pub(super) const NEVER: Timestamp = Timestamp::from_ms(i64::MIN);

impl Task {
    /// The rare part, made when first written to.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// The rare part, if it has any.
    #[must_use]
    pub fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }

    /// When it ended; zero while open.
    #[must_use]
    pub const fn ended(&self) -> Timestamp {
        if self.status.is_terminal() { self.ended_or_ready } else { Timestamp::ZERO }
    }

    /// Ready time of its queue row while it has one; an ended task has none.
    #[must_use]
    pub fn queued(&self) -> Option<Timestamp> {
        let is_queued = !self.status.is_terminal() && self.ended_or_ready != NEVER;
        is_queued.then_some(self.ended_or_ready)
    }

    /// Ends the attempt: its status, which is terminal, and when. It is in no queue any more.
    pub fn end(&mut self, status: TaskStatus, at: Timestamp) {
        self.status = status;
        self.ended_or_ready = at;
    }

    /// Puts an open task into its queue or takes it out; of an ended one it changes nothing.
    pub const fn set_queued(&mut self, ready: Option<Timestamp>) {
        if !self.status.is_terminal() {
            self.ended_or_ready = match ready {
                Some(ready) => ready,
                None => NEVER,
            };
        }
    }

    /// Why it did not complete.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.extra.as_ref()?.reason.as_deref()
    }

    /// Sets why it did not complete.
    pub fn set_reason(&mut self, reason: Option<String>) {
        if self.reason() != reason.as_deref() {
            self.extra_mut().reason = reason;
        }
    }

    /// Who has it or had it.
    #[must_use]
    pub fn worker(&self) -> Option<&str> {
        self.holder.as_ref()?.worker.as_deref()
    }

    /// Domain of its queue.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.holder.as_ref()?.domain.as_deref()
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

    /// Attempts before this one.
    #[must_use]
    pub fn retry_count(&self) -> u32 {
        self.extra.as_ref().map_or(0, |extra| extra.retry_count)
    }

    /// The attempt this one replaces; 0 for the first.
    #[must_use]
    pub fn replaces(&self) -> TaskNumber {
        self.extra.as_ref().map_or(TaskNumber(0), |extra| extra.replaces)
    }

    /// When the first attempt was made.
    #[must_use]
    pub fn first_scheduled(&self) -> Timestamp {
        self.extra.as_ref().and_then(|extra| extra.first_scheduled).unwrap_or(self.scheduled)
    }

    /// Delay of this attempt before its first delivery.
    #[must_use]
    pub fn start_delay(&self) -> Span {
        self.extra.as_ref().map_or(Span::ZERO, |extra| extra.start_delay)
    }

    /// Delay of its present stay in the queue; zero once taken.
    #[must_use]
    pub fn callback_after(&self) -> Span {
        self.extra.as_ref().map_or(Span::ZERO, |extra| extra.callback_after)
    }

    /// Sets the delay of its present stay in the queue.
    pub fn set_callback_after(&mut self, delay: Span) {
        if self.callback_after() != delay {
            self.extra_mut().callback_after = delay;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stored, Task};
    use fermata_types::EventNumber;

    #[test]
    fn a_task_is_small() {
        assert_eq!((size_of::<Task>(), size_of::<Option<Stored>>()), (88, 8));
    }

    #[test]
    fn a_place_is_what_it_was_made_of() {
        for (row, index) in [(0, 0), (1, 0), (7, 199), (1 << 40, u16::MAX), ((1 << 47) - 1, 9)] {
            let stored = Stored::new(EventNumber(row), index);
            assert_eq!((stored.row().0, stored.index()), (row, index));
            assert_eq!(Stored::from_packed(stored.packed()), Some(stored));
        }
        assert_eq!(Stored::new(EventNumber(u64::MAX), 3).row().0, (1 << 47) - 1);
        assert_eq!(Stored::from_packed(0), None);
    }
}
