//! History rows a reader of a run has just read: the payloads of tasks made one after another lie
//! in the same few rows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use fermata_decider::Event;
use fermata_storage::{HistoryKey, PayloadKey, ReadError, Row, RowKey, Store};
use fermata_types::{EventNumber, Payload};

use crate::codec;
use crate::payloads::PayloadName;

/// Rows kept: those of inputs and of outputs, with a few that were met in between.
const ROWS_KEPT: usize = 8;

type Events = Arc<Vec<(bool, Event)>>;

/// The rows read last.
#[derive(Debug, Default)]
pub(super) struct RowsRead {
    kept: Mutex<VecDeque<(EventNumber, Events)>>,
}

impl RowsRead {
    /// A payload from its rows; none when its row is missing or damaged.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn payload(
        &self,
        store: &dyn Store,
        (run, at): PayloadName,
    ) -> Result<Option<Payload>, ReadError> {
        let Some(events) = self.events(store, HistoryKey { run, first: at.row() })? else {
            return Ok(None);
        };
        let Some((is_outside, event)) = events.get(usize::from(at.index())) else {
            return Ok(None);
        };
        if !is_outside {
            return Ok(event.payload().cloned());
        }
        let key = RowKey::Payload(PayloadKey { run, event: at.event(), part: 0 });
        Ok(match store.get(&key)? {
            Some(Row::Payload(row)) => Some(Payload::trusted(row.bytes)),
            _ => None,
        })
    }

    fn events(&self, store: &dyn Store, key: HistoryKey) -> Result<Option<Events>, ReadError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, events)) = kept().iter().find(|(first, _)| *first == key.first) {
            return Ok(Some(events.clone()));
        }
        let Some(Row::History(row)) = store.get(&RowKey::History(key))? else { return Ok(None) };
        let Ok(events) = codec::decode(&row) else { return Ok(None) };
        let events = Arc::new(events);
        let mut kept = kept();
        kept.push_front((key.first, events.clone()));
        kept.truncate(ROWS_KEPT);
        Ok(Some(events))
    }
}
