//! Reads a queue's rows behind what memory has, from all shards, best or earliest first. Blocks
//! while the store reads; its caller holds no lock.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use fermata_storage::{QueueKey, QueueRow, ReadError, Ready, Row, RowKey, ScanRange, Store};
use fermata_types::{RunEpoch, RunId, ShardId, ShardKey, Span, TaskId, TaskNumber, Timestamp};

use crate::queues::place::{Moment, Place};

/// Rows read at once.
const PAGE: usize = 256;

/// What a queue lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The queue's name.
    pub queue: String,
    /// Rows up to here compete by place, later ones wait by moment.
    pub moved: Moment,
    /// Ready rows behind this place; none when there are enough.
    pub ready: Option<Place>,
    /// At most that many of them.
    pub ready_count: usize,
    /// Delayed rows behind this moment; none when there are enough.
    pub delayed: Option<Moment>,
    /// At most that many of them.
    pub delayed_count: usize,
}

/// What was found, in order, and whether there is more behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The best ready rows that were asked for.
    pub ready: Vec<(Place, RunEpoch)>,
    /// Whether there are more.
    pub ready_more: bool,
    /// The earliest delayed rows that were asked for.
    pub delayed: Vec<(Place, RunEpoch)>,
    /// Whether there are more.
    pub delayed_more: bool,
}

/// Reads what is asked for from that many shards. Of each shard it reads what may belong to the
/// result and at most a page more for each priority in use.
///
/// # Errors
/// The store cannot be read.
pub fn read(store: &dyn Store, shards: u16, ask: &Ask) -> Result<Found, ReadError> {
    let mut found = Found::default();
    if let Some(after) = ask.ready {
        (found.ready, found.ready_more) = ready(store, shards, ask, after)?;
    }
    if let Some(after) = ask.delayed {
        let mut first = Firsts::new(ask.delayed_count);
        for shard in (0..shards).map(ShardId) {
            delayed_of(store, shard, ask, after, &mut first)?;
        }
        found.delayed_more = first.more;
        found.delayed = first.rows.into_values().collect();
    }
    Ok(found)
}

/// The earliest rows, up to a number.
struct Firsts {
    rows: BTreeMap<Moment, (Place, RunEpoch)>,
    count: usize,
    more: bool,
}

impl Firsts {
    fn new(count: usize) -> Self {
        Self { rows: BTreeMap::new(), count: count.max(1), more: false }
    }

    /// False when neither this row nor any behind it belongs to the first ones.
    fn take(&mut self, key: Moment, row: (Place, RunEpoch)) -> bool {
        let is_full = self.rows.len() >= self.count;
        if is_full && self.rows.last_key_value().is_some_and(|(last, _)| *last < key) {
            self.more = true;
            return false;
        }
        self.rows.insert(key, row);
        if self.rows.len() > self.count {
            self.rows.pop_last();
            self.more = true;
        }
        true
    }
}

/// The best ready rows of all shards behind a place, and whether there are more: each shard's rows
/// are in order, so the best one is always the first of some shard.
fn ready(
    store: &dyn Store,
    shards: u16,
    ask: &Ask,
    after: Place,
) -> Result<(Vec<(Place, RunEpoch)>, bool), ReadError> {
    let mut heads = BTreeMap::new();
    for shard in (0..shards).map(ShardId) {
        let mut rows = Rows::new(store, shard, &ask.queue, Some(after.0));
        if let Some((place, epoch)) = next_ready(&mut rows, ask, after)? {
            heads.insert(place, (epoch, rows));
        }
    }
    let mut best = Vec::new();
    while best.len() < ask.ready_count.max(1) {
        let Some((place, (epoch, mut rows))) = heads.pop_first() else { break };
        best.push((place, epoch));
        if let Some((place, epoch)) = next_ready(&mut rows, ask, after)? {
            heads.insert(place, (epoch, rows));
        }
    }
    Ok((best, !heads.is_empty()))
}

/// A shard's next ready row: of each priority those that have been moved.
fn next_ready(
    rows: &mut Rows<'_>,
    ask: &Ask,
    after: Place,
) -> Result<Option<(Place, RunEpoch)>, ReadError> {
    while let Some(row) = rows.next()? {
        let place = (row.key.ready, row.key.shard);
        if Moment::of(place) > ask.moved {
            rows.seek(end_of(row.key.ready.priority));
        } else if place > after {
            return Ok(Some((place, row.run_epoch)));
        }
    }
    Ok(None)
}

/// A shard's rows that have not been moved: of each priority those behind a moment.
fn delayed_of(
    store: &dyn Store,
    shard: ShardId,
    ask: &Ask,
    after: Moment,
    first: &mut Firsts,
) -> Result<(), ReadError> {
    let mut rows = Rows::new(store, shard, &ask.queue, None);
    while let Some(row) = rows.next()? {
        let priority = row.key.ready.priority;
        let place = (row.key.ready, shard);
        let moment = Moment::of(place);
        if moment <= after {
            rows.seek(start_of(shard, priority, after));
        } else if !first.take(moment, (place, row.run_epoch)) {
            rows.seek(end_of(priority));
        }
    }
    Ok(())
}

/// Of one shard's priority, just before the first row behind a moment.
fn start_of(shard: ShardId, priority: u8, after: Moment) -> Ready {
    let before = |due| Ready { priority, due, age: lowest_age() };
    let next = after.due.after(Span::from_ms(1));
    let Some((of, ready)) = after.row else { return before(after.due) };
    // Rows due at the same time are in the order of shards, then of places.
    match shard.cmp(&of).then(ready.priority.cmp(&priority)) {
        Ordering::Less => before(next),
        Ordering::Equal => ready,
        Ordering::Greater => before(after.due),
    }
}

/// Behind all rows of a priority.
fn end_of(priority: u8) -> Ready {
    Ready { priority, due: Timestamp::from_ms(i64::MAX), age: lowest_age() }
}

fn lowest_age() -> TaskId {
    RunId::compose(Timestamp::ZERO, ShardKey::wrapping(0), 0).task(TaskNumber(0))
}

/// A shard's rows of a queue, read page by page.
struct Rows<'a> {
    store: &'a dyn Store,
    range: ScanRange,
    shard: ShardId,
    queue: &'a str,
    after: Option<RowKey>,
    page: std::vec::IntoIter<Row>,
    more: bool,
}

impl<'a> Rows<'a> {
    fn new(store: &'a dyn Store, shard: ShardId, queue: &'a str, after: Option<Ready>) -> Self {
        let range = ScanRange::Queue { shard, queue: queue.to_owned() };
        let page = Vec::new().into_iter();
        let mut rows = Self { store, range, shard, queue, after: None, page, more: true };
        if let Some(after) = after {
            rows.seek(after);
        }
        rows
    }

    /// Goes on behind that place.
    fn seek(&mut self, ready: Ready) {
        let key = QueueKey { shard: self.shard, queue: self.queue.to_owned(), ready };
        self.after = Some(RowKey::Queue(key));
        self.page = Vec::new().into_iter();
        self.more = true;
    }

    fn next(&mut self) -> Result<Option<QueueRow>, ReadError> {
        loop {
            match self.page.next() {
                Some(Row::Queue(row)) => return Ok(Some(row)),
                Some(_) => {}
                None if !self.more => return Ok(None),
                None => {
                    let page = self.store.scan(&self.range, self.after.as_ref(), PAGE)?;
                    self.more = page.more;
                    if let Some(last) = page.rows.last() {
                        self.after = Some(last.key());
                    }
                    self.page = page.rows.into_iter();
                }
            }
        }
    }
}
