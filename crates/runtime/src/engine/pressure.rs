//! The order in which a server under pressure refuses (design 5): searches first, then reads,
//! starts and sends; what operators do keeps a little room, and results and signs of life, which
//! take work away, have the last of it.

use fermata_decider::Command;

use crate::engine::handle::{Engine, EngineError};
use crate::shard::driver::MAILBOX;
use crate::shard::request::{Failure, Request};

/// What is asked of a shard, in the order in which it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Lists of runs: they ask every shard.
    Search,
    /// One run is looked at or watched.
    Read,
    /// New work.
    Start,
    /// Messages and log lines.
    Send,
    /// Pause, resume, terminate, remove, definitions.
    Operate,
    /// Results, signals, leases, signs of life.
    Result,
}

impl Class {
    /// All of them, the first to be refused first.
    pub const ALL: [Self; 6] =
        [Self::Search, Self::Read, Self::Start, Self::Send, Self::Operate, Self::Result];

    /// Mailbox room a request of this class must leave free.
    #[must_use]
    pub const fn reserve(self) -> usize {
        match self {
            Self::Search => MAILBOX / 2,
            Self::Read => MAILBOX * 3 / 8,
            Self::Start => MAILBOX / 4,
            Self::Send => MAILBOX / 8,
            Self::Operate => MAILBOX / 16,
            Self::Result => 0,
        }
    }

    /// The class of a request.
    pub(super) const fn of(request: &Request) -> Self {
        match request {
            Request::Start(_) => Self::Start,
            Request::Read(_) | Request::Watch { .. } => Self::Read,
            Request::Lease { .. } | Request::Signal { .. } | Request::Unwatch { .. } => {
                Self::Result
            }
            Request::Run { command, .. } => match command {
                Command::SendMessage { .. } | Command::AppendLog { .. } => Self::Send,
                Command::Update(_)
                | Command::UpdateByReference(_)
                | Command::ExtendLease { .. }
                | Command::Lease { .. }
                | Command::Return { .. } => Self::Result,
                _ => Self::Operate,
            },
            _ => Self::Operate,
        }
    }
}

impl Engine {
    /// Asks whether a list of runs may be put together now: not while any shard is busy.
    ///
    /// # Errors
    /// [`Failure::Overloaded`], [`Failure::Stopping`]; nothing was done.
    pub fn admit_search(&self) -> Result<(), EngineError> {
        match self.least_room() {
            None => Err(Failure::Stopping.into()),
            Some(room) if room <= Class::Search.reserve() => Err(Failure::Overloaded.into()),
            Some(_) => Ok(()),
        }
    }
}
