//! Deliberate bugs, for the simulation only: each breaks one promise of `docs/guarantees.md`, and
//! the simulation has to catch each (design 9).
//!
//! A process names its mutant, if any, in [`crate::shard::machine::Shared`]; there is no global
//! state. Without the cargo feature `mutants`, [`Mutation::is`] is a constant `false` and the
//! hooks are gone from the program.

/// A deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// Answers and bells do not wait for their batch.
    ReleaseBeforeCommit,
    /// "Unchanged" is answered before what made it unchanged is durable.
    EarlyUnchanged,
    /// Rejections are answered before what they rest on is durable.
    EarlyRejection,
    /// Reads show what is not durable.
    EarlyRead,
    /// A task is handed out before its scheduling is durable.
    EarlyHandOut,
    /// The row of a run's next deadline is not written.
    LostDeadlineRow,
    /// The row that resumes unfinished work after a crash is not written.
    LostContinue,
    /// A lane's cursor is written in the batch after the one that consumed the messages.
    LaneOutsideBatch,
    /// The row of an idempotency key is written in the batch after its run.
    KeyOutsideBatch,
    /// The end of a child has no row: after a crash its parent does not hear of it.
    ChildEndNotRedelivered,
    /// A consumed command keeps its row: after a crash it is delivered again.
    ConsumptionNotRecorded,
    /// A command from another shard that comes again is taken in again.
    NoOutboxDedup,
    /// A command to another shard has no row: after a crash it is not sent again.
    OutboxRowLost,
    /// How far a shard has taken in what another sends is written in the batch after it.
    ReceivedOutsideBatch,
    /// A task's row is not removed from its queue.
    QueueRowNotDeleted,
    /// A task's row is not put into its queue.
    QueueRowNotWritten,
    /// A stale queue row is leased all the same.
    StaleLeaseAccepted,
    /// Loaders see the store without the rows that are staged.
    OverlayIgnored,
    /// Runs leave memory before their batches are durable.
    EarlyEviction,
    /// A loaded run counts its tasks anew from the last one that ended.
    CounterResetOnLoad,
    /// Large payloads are not written.
    PayloadRowNotWritten,
    /// What is read of a queue lacks its best row.
    RefillLosesRow,
    /// A permit is not given back.
    PermitNotFreed,
    /// The row of a lease under limits is not written: after a crash nobody counts it.
    LeaseNotDurable,
    /// The head of a snapshot is written before its chunks.
    SnapshotHeadFirst,
    /// A snapshot keeps pages that have changed since the one before.
    SnapshotKeepsStalePages,
    /// After a refusal, batches that were already on their way are written.
    RefusedStateGoesOn,
}

impl Mutant {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 27] = [
        Self::ReleaseBeforeCommit,
        Self::EarlyUnchanged,
        Self::EarlyRejection,
        Self::EarlyRead,
        Self::EarlyHandOut,
        Self::LostDeadlineRow,
        Self::LostContinue,
        Self::LaneOutsideBatch,
        Self::KeyOutsideBatch,
        Self::ChildEndNotRedelivered,
        Self::ConsumptionNotRecorded,
        Self::NoOutboxDedup,
        Self::OutboxRowLost,
        Self::ReceivedOutsideBatch,
        Self::QueueRowNotDeleted,
        Self::QueueRowNotWritten,
        Self::StaleLeaseAccepted,
        Self::OverlayIgnored,
        Self::EarlyEviction,
        Self::CounterResetOnLoad,
        Self::PayloadRowNotWritten,
        Self::RefillLosesRow,
        Self::PermitNotFreed,
        Self::LeaseNotDurable,
        Self::SnapshotHeadFirst,
        Self::SnapshotKeepsStalePages,
        Self::RefusedStateGoesOn,
    ];
}

/// The mutant of a process: none in every real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mutation {
    #[cfg(feature = "mutants")]
    mutant: Option<Mutant>,
}

impl Mutation {
    /// A process with this bug.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub const fn of(mutant: Mutant) -> Self {
        Self { mutant: Some(mutant) }
    }

    /// Whether the process has this bug.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn is(self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// No process has any.
    #[cfg(not(feature = "mutants"))]
    #[must_use]
    pub const fn is(self, _: Mutant) -> bool {
        false
    }
}
