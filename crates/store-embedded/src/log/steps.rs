//! The named steps of segment rotation, checkpoint and release, where the kill loop can kill.

/// The steps in the order they are passed. The first four make the next segment ahead of time,
/// four move on to it; two are of a checkpoint, two of letting segments go after it.
pub const ROTATION_STEPS: [&str; 12] = [
    "spare-created",
    "spare-allocated",
    "spare-synced",
    "spare-listed",
    "old-segment-done",
    "header-written",
    "header-synced",
    "first-frame-synced",
    "checkpoint-begun",
    "checkpoint-durable",
    "segment-removed",
    "removal-listed",
];

/// A step has just been done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The file of the next segment is there, empty.
    SpareCreated,
    /// Its space is reserved.
    SpareAllocated,
    /// It is synced.
    SpareSynced,
    /// Its name is synced.
    SpareListed,
    /// The last frame of the old segment is synced, and the next does not fit.
    OldSegmentDone,
    /// The header of the new segment is written.
    HeaderWritten,
    /// The header is synced: from now on it says where the old segment ends.
    HeaderSynced,
    /// The first frame of the new segment is synced.
    FirstFrameSynced,
    /// A frozen delta is about to be written to the checkpoint.
    CheckpointBegun,
    /// It is durable there, with its position.
    CheckpointDurable,
    /// A segment that the checkpoint has made needless is removed.
    SegmentRemoved,
    /// The removal of one or more is synced.
    RemovalListed,
}

impl Step {
    const fn name(self) -> &'static str {
        let [created, allocated, synced, listed, done, written, header, frame, rest @ ..] =
            ROTATION_STEPS;
        let [begun, durable, removed, removal] = rest;
        match self {
            Self::SpareCreated => created,
            Self::SpareAllocated => allocated,
            Self::SpareSynced => synced,
            Self::SpareListed => listed,
            Self::OldSegmentDone => done,
            Self::HeaderWritten => written,
            Self::HeaderSynced => header,
            Self::FirstFrameSynced => frame,
            Self::CheckpointBegun => begun,
            Self::CheckpointDurable => durable,
            Self::SegmentRemoved => removed,
            Self::RemovalListed => removal,
        }
    }

    /// The step was done while a store was being opened, where nothing rotates.
    pub(super) fn passed(self) {
        tracing::trace!(step = self.name(), "segment made");
    }

    /// Says that the step was done; under the feature `hold-rotation` prints it and holds.
    pub(crate) fn done(self) {
        tracing::trace!(step = self.name(), "rotation");
        #[cfg(feature = "hold-rotation")]
        hold(self.name());
    }
}

#[cfg(feature = "hold-rotation")]
#[allow(
    clippy::disallowed_methods,
    reason = "the kill loop needs time to kill here; never built into a release"
)]
fn hold(name: &str) {
    use std::io::Write;

    let mut stderr = std::io::stderr().lock();
    // Nobody may be reading; the hold itself is what counts.
    let _ = writeln!(stderr, "rotation-step {name}").and_then(|()| stderr.flush());
    drop(stderr);
    std::thread::sleep(std::time::Duration::from_millis(200));
}
