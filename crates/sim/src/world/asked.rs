//! A request under way inside the server, with what the server knew when it came.

use fermata_decider::run::Lane;
use fermata_runtime::shard::Machine;
use fermata_runtime::shard::request::Request;
use fermata_storage::QueueKey;
use fermata_types::{EventNumber, RunId};

use crate::workload::op::OpId;

/// Who waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A client or a worker, over the network.
    Op(OpId),
    /// A poll that leases a row.
    Poll(u64, QueueKey),
    /// Nobody.
    Nobody,
}

/// What memory showed of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) last: EventNumber,
    pub(crate) lane: Lane,
}

/// A request that has not been answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) asker: Asker,
    pub(crate) run: Option<RunId>,
    /// The run in memory when the request was handled; nothing when it was not there.
    pub(crate) seen: Seen,
}

/// The run a request is about.
pub(crate) fn run_of(request: &Request) -> Option<RunId> {
    match request {
        Request::Run { run, .. }
        | Request::Signal { run, .. }
        | Request::Watch { run, .. }
        | Request::Unwatch { run, .. }
        | Request::Read(run)
        | Request::Delete(run) => Some(*run),
        Request::Retire(row) => Some(row.key.run),
        Request::Lease { key, .. } => Some(key.ready.age.run()),
        Request::Start(_) | Request::Define { .. } => None,
    }
}

/// What a machine has of a run in memory now.
pub(crate) fn seen(machine: &Machine, run: Option<RunId>) -> Seen {
    let found = run.and_then(|id| machine.runs_in_memory().find(|run| run.id == id));
    found.map_or_else(Seen::default, |run| Seen { last: run.last, lane: run.lane })
}
