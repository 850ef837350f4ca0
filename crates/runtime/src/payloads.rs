//! Payload bytes in memory: one bounded cache for the process (design 4).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use fermata_decider::run::Stored;
use fermata_storage::{HistoryKey, PayloadKey, ReadError, Row, RowKey, Store};
use fermata_types::{Payload, RunId};

use crate::codec;

/// Names a payload in the whole process.
pub type PayloadName = (RunId, Stored);

/// Bytes the cache keeps; the oldest payloads go first.
pub const CACHE_BYTES: usize = 64 << 20;

/// What a payload costs besides its bytes: two entries of its name and its allocation.
const ENTRY_BYTES: usize = 256;

/// A bounded cache, first in first out. Everything in it is also in the store or in an overlay.
#[derive(Debug)]
pub struct PayloadCache {
    inner: Mutex<Inner>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Inner {
    map: BTreeMap<PayloadName, Payload>,
    order: VecDeque<PayloadName>,
    bytes: usize,
}

impl Default for PayloadCache {
    fn default() -> Self {
        Self::new(CACHE_BYTES)
    }
}

impl PayloadCache {
    /// A cache of that many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), limit }
    }

    /// The payload, if it is here.
    #[must_use]
    pub fn get(&self, name: &PayloadName) -> Option<Payload> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).map.get(name).cloned()
    }

    /// Keeps a payload; drops the oldest ones when there are too many bytes.
    pub fn put(&self, name: PayloadName, payload: Payload) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let size = payload.len() + ENTRY_BYTES;
        if inner.map.insert(name, payload).is_none() {
            inner.order.push_back(name);
            inner.bytes += size;
        }
        while inner.bytes > self.limit {
            let Some(oldest) = inner.order.pop_front() else { break };
            if let Some(gone) = inner.map.remove(&oldest) {
                inner.bytes = inner.bytes.saturating_sub(gone.len() + ENTRY_BYTES);
            }
        }
    }
}

/// Reads a payload from its rows.
///
/// # Errors
/// The store cannot be read. A missing or damaged row reads as none.
pub fn read(store: &dyn Store, (run, at): PayloadName) -> Result<Option<Payload>, ReadError> {
    let event = at.event();
    let key = RowKey::Payload(PayloadKey { run, event, part: 0 });
    if let Some(Row::Payload(row)) = store.get(&key)? {
        return Ok(Some(Payload::trusted(row.bytes)));
    }
    let key = RowKey::History(HistoryKey { run, first: at.row() });
    let Some(Row::History(row)) = store.get(&key)? else { return Ok(None) };
    Ok(in_row(&row, at))
}

/// The payload that an event of a row carries inline.
#[must_use]
pub fn in_row(row: &fermata_storage::HistoryRow, at: Stored) -> Option<Payload> {
    let events = codec::decode(row).ok()?;
    match events.into_iter().nth(usize::from(at.index())) {
        Some((false, event)) => event.payload().cloned(),
        _ => None,
    }
}
