//! Commands between runs of a tree: rows of the shard's outbox, elided when they are consumed in
//! the batch that made them (design 3).

use std::collections::BTreeMap;

use bytes::Bytes;
use fermata_decider::Command;
use fermata_decider::definition::DefinitionHash;
use fermata_decider::effect::{AskedBy, ChildEnd, FinishTask, Idempotency, StartAnswer};
use fermata_decider::event::Origin;
use fermata_storage::{OutboxKey, OutboxRow, Row, RowKey, Write};
use fermata_types::{BatchNumber, RunId, ShardId, ShardKey};
use serde::{Deserialize, Serialize};

use crate::ids;
use crate::shard::request::{Token, Wait};

/// A run to be started that is no part of the tree of the run that asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartCommand {
    /// Its id; none when an idempotency key decides whether there is a new one.
    pub run: Option<RunId>,
    /// The name of its definition.
    pub name: String,
    /// Hash of its resolved definition, whose row the sender has.
    pub definition: DefinitionHash,
    /// How it begins.
    pub origin: Origin,
    /// The key under which a second start is the same start.
    pub idempotency: Option<Idempotency>,
    /// Who waits to hear of it.
    pub asked_by: Option<AskedBy>,
}

/// A command from one run to another. A variant's position is its number for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Internal {
    /// A parent starts a child.
    StartChild {
        /// The child's id.
        child: RunId,
        /// Hash of its resolved definition; its row is in the same batch or earlier.
        definition: DefinitionHash,
        /// How it begins.
        origin: Box<Origin>,
    },
    /// A parent that ended ends a child.
    EndChild {
        /// The child.
        child: RunId,
        /// Why.
        reason: String,
    },
    /// A child that ended tells its parent.
    ChildEnded(Box<ChildEnd>),
    /// A run asks for one of another tree.
    StartRun(Box<StartCommand>),
    /// Whoever asked for a run hears of it.
    StartAnswered(Box<StartAnswer>),
    /// An event's handler ends a task.
    FinishTask(Box<FinishTask>),
}

impl Internal {
    /// The run it is for; none while an idempotency key has to decide.
    #[must_use]
    pub fn target(&self) -> Option<RunId> {
        match self {
            Self::StartChild { child, .. } | Self::EndChild { child, .. } => Some(*child),
            Self::ChildEnded(end) => Some(end.parent.run()),
            Self::StartRun(start) => start.run,
            Self::StartAnswered(answer) => Some(answer.asked_by.task.run()),
            Self::FinishTask(finish) => Some(finish.run()),
        }
    }

    /// The key of the shard it is for.
    #[must_use]
    pub fn shard_key(&self) -> ShardKey {
        match (self, self.target()) {
            (_, Some(run)) => run.key(),
            (Self::StartRun(start), None) => {
                let key = start.idempotency.as_ref().map_or("", |given| given.key.as_str());
                ids::key_of(&start.name, key)
            }
            (_, None) => ShardKey::wrapping(0),
        }
    }
}

/// Who waits for a command's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A request.
    Token(Token, Wait),
    /// A row of the outbox, by number.
    Outbox(u64),
    /// Nobody: a deadline or a `Continue`.
    Nobody,
}

impl From {
    /// The request that waits, if one does.
    #[must_use]
    pub const fn token(&self) -> Option<Token> {
        match self {
            Self::Token(token, _) => Some(*token),
            _ => None,
        }
    }
}

/// A command on its way to a run.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What.
    pub command: Command,
    /// For whom.
    pub from: From,
    /// Runs to try next when this one has no open WAIT, and the run the signal was for.
    pub signal: Option<(RunId, Vec<RunId>)>,
    /// The queue row a lease came from: removed when it proves stale.
    pub row: Option<fermata_storage::QueueKey>,
    /// The deadline row that was met: removed when this is done.
    pub met: Option<fermata_types::Timestamp>,
    /// The answer rests on runs that earlier batches touched, up to this one.
    pub barrier: BatchNumber,
}

impl Pending {
    /// A command that nobody waits for, or a request without more to it.
    #[must_use]
    pub const fn new(command: Command, from: From) -> Self {
        Self { command, from, signal: None, row: None, met: None, barrier: BatchNumber(0) }
    }
}

/// Commands that have not been consumed.
#[derive(Debug, Default)]
pub struct Relay {
    next: u64,
    live: BTreeMap<u64, (Internal, bool)>,
}

impl Relay {
    /// Takes a new command; answers its number.
    pub fn accept(&mut self, command: Internal) -> u64 {
        self.next += 1;
        self.live.insert(self.next, (command, false));
        self.next
    }

    /// Takes a command read from its row at start.
    pub fn recover(&mut self, number: u64, command: Internal) {
        self.next = self.next.max(number);
        self.live.insert(number, (command, true));
    }

    /// The command of that number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Internal> {
        self.live.get(&number).map(|(command, _)| command)
    }

    /// A command was consumed: the deletion of its row, if it ever had one.
    pub fn consumed(&mut self, number: u64, shard: ShardId) -> Option<Write> {
        let (_, has_row) = self.live.remove(&number)?;
        has_row.then(|| Write::Delete(RowKey::Outbox(key(shard, number))))
    }

    /// Rows of the commands that a batch about to close leaves unconsumed.
    pub fn unwritten(&mut self, shard: ShardId) -> Vec<Write> {
        let mut writes = Vec::new();
        for (number, (command, has_row)) in &mut self.live {
            if *has_row {
                continue;
            }
            *has_row = true;
            let command = Bytes::from(
                postcard::to_stdvec(command).expect("commands are plain data, which encodes"),
            );
            let key = key(shard, *number);
            writes.push(Write::Put(Row::Outbox(OutboxRow { key, command })));
        }
        writes
    }

    /// Forgets everything: its batches were refused.
    pub fn clear(&mut self) {
        self.live.clear();
    }

    /// Whether no command is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }
}

const fn key(shard: ShardId, number: u64) -> OutboxKey {
    OutboxKey { source: shard, target: shard, number }
}

/// Reads a command from its row; none when it is damaged.
#[must_use]
pub fn decode(row: &OutboxRow) -> Option<Internal> {
    postcard::from_bytes(&row.command).ok()
}
