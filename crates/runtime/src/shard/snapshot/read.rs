//! A run read from its snapshot.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fermata_decider::definition::{DefinitionHash, Workflow};
use fermata_decider::planned::Planned;
use fermata_decider::run::snapshot::{Head, decode_page};
use fermata_decider::{Event, Run};
use fermata_storage::{HistoryKey, ReadError, Row, RowKey, SnapshotKey, Store};
use fermata_types::RunId;

use super::root::{self, Chunks, Written};
use crate::codec;

/// What was found of a run's snapshot.
#[derive(Debug)]
pub enum Found {
    /// The run as of the snapshot's last event.
    Run(Box<Run>, Written),
    /// Rows that do not make a snapshot this program reads: of another version, or not whole.
    Unreadable,
    /// None was written.
    Nothing,
}

/// Reads a run from its snapshot: its head, then the chunks the head names. `definition` gives the
/// definition of a hash, or none.
///
/// # Errors
/// The store cannot be read. What does not decode is no error: see [`Found::Unreadable`].
pub fn read(
    store: &dyn Store,
    id: RunId,
    definition: impl FnOnce(DefinitionHash) -> Option<Arc<Workflow>>,
) -> Result<Found, ReadError> {
    let chunk = |chunk| -> Result<Option<Bytes>, ReadError> {
        let key = RowKey::Snapshot(SnapshotKey { run: id, chunk });
        Ok(match store.get(&key)? {
            Some(Row::Snapshot(row)) => Some(row.bytes),
            _ => None,
        })
    };
    let Some(bytes) = chunk(0)? else { return Ok(Found::Nothing) };
    let Some(written) = root::take::<Written>(&bytes) else { return Ok(Found::Unreadable) };
    let whole = |chunks: Chunks| -> Result<Option<Bytes>, ReadError> {
        if chunks.count == 1 {
            return chunk(chunks.first);
        }
        let mut all = BytesMut::new();
        for number in chunks.numbers() {
            let Some(part) = chunk(number)? else { return Ok(None) };
            all.extend_from_slice(&part);
        }
        Ok(Some(all.freeze()))
    };
    let head: Option<Head> = whole(written.head)?.and_then(|bytes| root::take(&bytes));
    let Some(head) = head.filter(|head| head.last() == written.last) else {
        return Ok(Found::Unreadable);
    };
    let Some(definition) = definition(written.definition()) else {
        return Ok(Found::Unreadable);
    };
    let Some(plans) = plans(store, id, &head)? else { return Ok(Found::Unreadable) };
    let Some(begun) = head.begin(id, definition, &plans) else { return Ok(Found::Unreadable) };
    let (holders, steps) = (head.holders(), begun.latest.len());
    let mut pages = Vec::with_capacity(written.pages.len());
    for chunks in &written.pages {
        let bytes = whole(*chunks)?;
        let page = bytes.and_then(|bytes| decode_page(&bytes, steps, &holders));
        match page {
            Some(page) => pages.push(page),
            None => return Ok(Found::Unreadable),
        }
    }
    Ok(match head.restore(begun, holders, pages) {
        Some(run) => Found::Run(Box::new(run), written),
        None => Found::Unreadable,
    })
}

/// The branches of the run's dynamic forks, which history keeps; none when something else is there.
fn plans(store: &dyn Store, id: RunId, head: &Head) -> Result<Option<Vec<Planned>>, ReadError> {
    let mut plans = Vec::new();
    for at in head.plans() {
        let key = RowKey::History(HistoryKey { run: id, first: at.row() });
        let Some(Row::History(row)) = store.get(&key)? else { return Ok(None) };
        let Ok(mut events) = codec::decode(&row) else { return Ok(None) };
        let index = usize::from(at.index());
        if index >= events.len() {
            return Ok(None);
        }
        let Event::BranchesPlanned(planned) = events.swap_remove(index).1 else { return Ok(None) };
        plans.push(*planned);
    }
    Ok(Some(plans))
}
