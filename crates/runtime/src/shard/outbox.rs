//! What a shard has sent to others and they have not confirmed: rows of its outbox, a window of
//! which is in memory (design 3).
//!
//! A command leaves in the batch of the events that caused it. Once that is durable it is posted
//! to its target, which takes it in, in order, together with its number, and confirms that once it
//! is durable; then the row is deleted. Numbers of a shard only go up, also over restarts: they
//! begin with its epoch. So a target that remembers the last number it took in knows every command
//! that comes again. Each parcel names the one sent before it, so that a lost one is noticed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use fermata_decider::definition::Workflow;
use fermata_storage::{OutboxKey, OutboxRow};
use fermata_types::{ShardEpoch, ShardId};

use crate::shard::relay::Internal;

/// Commands for one target that are posted and not confirmed, or about to be; the others stay in
/// their rows and are read when there is room.
pub const WINDOW: usize = 64;
/// Bytes of those commands; at least one is always sent.
const WINDOW_BYTES: usize = 1 << 20;
/// Bits of a number that count within an epoch.
const COUNT_BITS: u32 = 40;

/// A command on its way to another shard.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Who sends it.
    pub source: ShardId,
    /// Its number.
    pub number: u64,
    /// The number of the unconfirmed one before it; 0 when all before it are confirmed.
    pub after: u64,
    /// What.
    pub command: Internal,
    /// The definition of a run to be started, which the target does not have.
    pub definition: Option<Arc<Workflow>>,
}

/// What shards tell each other.
#[derive(Debug, Clone)]
pub enum Post {
    /// A command.
    Parcel(Box<Parcel>),
    /// Everything up to a number is taken in, durably.
    Received {
        /// Who took it in.
        by: ShardId,
        /// The number.
        through: u64,
    },
    /// What was posted after a number has been lost: send it again.
    Again {
        /// Who asks.
        by: ShardId,
        /// The last number it took in.
        after: u64,
    },
}

/// A command in memory.
#[derive(Debug)]
struct Letter {
    number: u64,
    after: u64,
    bytes: usize,
    command: Internal,
}

/// The way to one target.
#[derive(Debug, Default)]
struct Way {
    /// The oldest unconfirmed commands, without a gap.
    held: VecDeque<Letter>,
    bytes: usize,
    /// The last number posted in this life of the process.
    sent: u64,
    /// The last number confirmed.
    confirmed: u64,
    /// The last number given out.
    last: u64,
    is_reading: bool,
}

impl Way {
    /// The last number in memory, or confirmed.
    fn reach(&self) -> u64 {
        self.held.back().map_or(self.confirmed, |letter| letter.number)
    }

    fn has_room(&self) -> bool {
        self.held.is_empty() || (self.held.len() < WINDOW && self.bytes < WINDOW_BYTES)
    }

    fn push(&mut self, number: u64, bytes: usize, command: Internal) {
        let after = self.held.back().map_or(0, |letter| letter.number);
        self.bytes += bytes;
        self.held.push_back(Letter { number, after, bytes, command });
    }

    /// Forgets what is confirmed; answers the numbers whose rows go.
    fn confirm(&mut self, through: u64) -> Vec<u64> {
        self.confirmed = self.confirmed.max(through);
        let mut gone = Vec::new();
        while let Some(letter) = self.held.pop_front_if(|letter| letter.number <= through) {
            self.bytes = self.bytes.saturating_sub(letter.bytes);
            gone.push(letter.number);
        }
        gone
    }

    /// What is held after a number, through another, to be posted.
    fn parcels(&mut self, source: ShardId, after: u64, through: u64) -> Vec<Parcel> {
        let is_wanted = |letter: &&Letter| letter.number > after && letter.number <= through;
        let parcels: Vec<Parcel> = self
            .held
            .iter()
            .filter(is_wanted)
            .map(|letter| Parcel {
                source,
                number: letter.number,
                after: letter.after,
                command: letter.command.clone(),
                definition: None,
            })
            .collect();
        if let Some(last) = parcels.last() {
            self.sent = self.sent.max(last.number);
        }
        parcels
    }
}

/// Everything a shard has sent and nobody has confirmed.
#[derive(Debug)]
pub struct Outbox {
    source: ShardId,
    next: u64,
    ways: BTreeMap<ShardId, Way>,
}

impl Outbox {
    /// The outbox of a shard in one epoch.
    #[must_use]
    pub const fn new(source: ShardId, epoch: ShardEpoch) -> Self {
        Self { source, next: epoch.0 << COUNT_BITS, ways: BTreeMap::new() }
    }

    /// Takes a new command; answers its row.
    pub fn add(&mut self, target: ShardId, command: Internal) -> OutboxRow {
        self.next += 1;
        let number = self.next;
        let way = self.ways.entry(target).or_default();
        let encoded =
            postcard::to_stdvec(&command).expect("commands are plain data, which encodes");
        if way.reach() >= way.last && way.has_room() {
            way.push(number, encoded.len(), command);
        }
        way.last = number;
        let key = OutboxKey { source: self.source, target, number };
        OutboxRow { key, command: Bytes::from(encoded) }
    }

    /// Takes a command from its row at start, in order. False when it was confirmed and its row
    /// has to go.
    pub fn recover(&mut self, key: OutboxKey, bytes: usize, command: Internal) -> bool {
        let way = self.ways.entry(key.target).or_default();
        if key.number <= way.confirmed {
            return false;
        }
        if way.reach() >= way.last && way.has_room() {
            way.push(key.number, bytes, command);
        }
        way.last = way.last.max(key.number);
        true
    }

    /// The row of a number is durable: what may be posted now.
    pub fn durable(&mut self, target: ShardId, number: u64) -> Vec<Parcel> {
        let source = self.source;
        let Some(way) = self.ways.get_mut(&target) else { return Vec::new() };
        way.parcels(source, way.sent, number)
    }

    /// All that recovery found and nobody has posted in this life, for every target.
    pub fn recovered(&mut self) -> Vec<(ShardId, Vec<Parcel>)> {
        let source = self.source;
        let ways = self.ways.iter_mut();
        ways.map(|(target, way)| (*target, way.parcels(source, way.sent, u64::MAX))).collect()
    }

    /// A target has taken in everything up to a number: the numbers whose rows go.
    pub fn confirmed(&mut self, target: ShardId, through: u64) -> Vec<u64> {
        self.ways.get_mut(&target).map_or_else(Vec::new, |way| way.confirm(through))
    }

    /// A target has lost what was posted after a number: it is posted again.
    pub fn again(&mut self, target: ShardId, after: u64) -> Vec<Parcel> {
        let source = self.source;
        let Some(way) = self.ways.get_mut(&target) else { return Vec::new() };
        let sent = way.sent;
        way.parcels(source, after, sent)
    }

    /// After which number rows have to be read, and how many at most; none while memory has them
    /// all, is full, or a read is under way, which this begins.
    pub fn wants(&mut self, target: ShardId) -> Option<(u64, usize)> {
        let way = self.ways.get_mut(&target)?;
        let has_more = way.last > way.reach();
        if way.is_reading || !has_more || way.held.len() > WINDOW / 2 || !way.has_room() {
            return None;
        }
        way.is_reading = true;
        Some((way.reach(), WINDOW - way.held.len()))
    }

    /// Rows that were wanted, in order; what may be posted now.
    pub fn read(&mut self, target: ShardId, rows: Vec<(u64, usize, Internal)>) -> Vec<Parcel> {
        let source = self.source;
        let Some(way) = self.ways.get_mut(&target) else { return Vec::new() };
        way.is_reading = false;
        for (number, bytes, command) in rows {
            if number > way.reach() && way.has_room() {
                way.push(number, bytes, command);
            }
        }
        let reach = way.reach();
        way.parcels(source, way.sent, reach)
    }

    /// Forgets what is not confirmed, to be found in its rows again; what was posted stays known,
    /// and so do the numbers that were given out.
    pub fn begin_anew(&mut self) {
        for way in self.ways.values_mut() {
            way.held.clear();
            way.bytes = 0;
            way.last = way.confirmed;
            way.is_reading = false;
        }
    }

    /// Whether a number is in memory or will be read once there is room.
    #[must_use]
    pub fn knows(&self, number: u64) -> bool {
        self.ways.values().any(|way| {
            let is_held = way.held.iter().any(|letter| letter.number == number);
            is_held || (number > way.reach() && number <= way.last)
        })
    }
}
