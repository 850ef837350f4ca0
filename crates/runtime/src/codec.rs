//! Events and commands as rows: encoded with the payloads that are too large taken out.

use bytes::Bytes;
use fermata_decider::Event;
use fermata_storage::{HistoryKey, HistoryRow, PayloadKey, PayloadRow};
use fermata_types::{EventNumber, Payload, RunId, limits};

/// First byte of an encoded list of events.
const VERSION: u8 = 1;

/// Why stored events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes are damaged, or written by a newer program.
    #[error("history row {run}/{first} cannot be decoded")]
    Events {
        /// The run.
        run: RunId,
        /// First event of the row.
        first: EventNumber,
    },
}

/// One row of events, and the rows of the payloads over [`limits::PAYLOAD_INLINE_MAX`] bytes.
#[must_use]
pub fn encode(run: RunId, first: EventNumber, events: Vec<Event>) -> (HistoryRow, Vec<PayloadRow>) {
    let mut outside = Vec::new();
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    let mut stored = Vec::with_capacity(events.len());
    for (at, mut event) in events.into_iter().enumerate() {
        let mut is_outside = false;
        if let Some(payload) = event.payload_mut()
            && payload.len() > limits::PAYLOAD_INLINE_MAX
        {
            let taken = std::mem::replace(payload, Payload::null());
            let event = EventNumber(first.0 + at as u64);
            let key = PayloadKey { run, event, part: 0 };
            outside.push(PayloadRow { key, bytes: taken.bytes().clone() });
            is_outside = true;
        }
        stored.push((is_outside, event));
    }
    let bytes = postcard::to_extend(&stored, vec![VERSION])
        .expect("events are plain data, which always encodes");
    let key = HistoryKey { run, first };
    (HistoryRow { key, count, events: Bytes::from(bytes) }, outside)
}

/// The events of a row; the flag says that the event's payload is in a row of its own.
///
/// # Errors
/// The row is damaged or of a newer format.
pub fn decode(row: &HistoryRow) -> Result<Vec<(bool, Event)>, CodecError> {
    let damaged = || CodecError::Events { run: row.key.run, first: row.key.first };
    match row.events.split_first() {
        Some((&VERSION, bytes)) => postcard::from_bytes(bytes).map_err(|_| damaged()),
        _ => Err(damaged()),
    }
}
