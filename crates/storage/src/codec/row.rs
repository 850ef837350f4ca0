//! Keys and rows of any family to bytes and back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CodecError, KeyReader, KeyWriter};
use crate::rows::{
    DeadlineRow, DedupRow, DefinitionRow, DueDeadlineRow, EndedRow, Family, HistoryRow, LaneRow,
    LeaseRow, LookupRow, MessageRow, OutboxRow, PayloadRow, QueueRow, ReceivedRow, ResolvedRow,
    Row, RowKey, RunRow, ScanRange, ShardRow, SnapshotRow, StoredRow, TaskLogRow,
};

/// Appends a key's bytes; they sort as the keys do.
pub fn encode_key(key: &RowKey, out: &mut Vec<u8>) {
    let mut out = KeyWriter(out);
    out.u8(key.family().ordinal());
    match key {
        RowKey::History(key) => HistoryRow::put_key(key, &mut out),
        RowKey::Run(key) => RunRow::put_key(key, &mut out),
        RowKey::Payload(key) => PayloadRow::put_key(key, &mut out),
        RowKey::Queue(key) => QueueRow::put_key(key, &mut out),
        RowKey::Deadline(key) => DeadlineRow::put_key(key, &mut out),
        RowKey::Outbox(key) => OutboxRow::put_key(key, &mut out),
        RowKey::Lane(key) => LaneRow::put_key(key, &mut out),
        RowKey::Message(key) => MessageRow::put_key(key, &mut out),
        RowKey::Dedup(key) => DedupRow::put_key(key, &mut out),
        RowKey::Definition(key) => DefinitionRow::put_key(key, &mut out),
        RowKey::Resolved(key) => ResolvedRow::put_key(key, &mut out),
        RowKey::TaskLog(key) => TaskLogRow::put_key(key, &mut out),
        RowKey::Lookup(key) => LookupRow::put_key(key, &mut out),
        RowKey::Shard(key) => ShardRow::put_key(key, &mut out),
        RowKey::Snapshot(key) => SnapshotRow::put_key(key, &mut out),
        RowKey::Received(key) => ReceivedRow::put_key(key, &mut out),
        RowKey::Ended(key) => EndedRow::put_key(key, &mut out),
        RowKey::Lease(key) => LeaseRow::put_key(key, &mut out),
        RowKey::DueDeadline(key) => DueDeadlineRow::put_key(key, &mut out),
    }
}

/// Appends the bytes of a row's key, without copying the key first.
pub fn encode_key_of(row: &Row, out: &mut Vec<u8>) {
    let mut out = KeyWriter(out);
    out.u8(row.family().ordinal());
    match row {
        Row::History(row) => HistoryRow::put_key(&row.key, &mut out),
        Row::Run(row) => RunRow::put_key(&row.key, &mut out),
        Row::Payload(row) => PayloadRow::put_key(&row.key, &mut out),
        Row::Queue(row) => QueueRow::put_key(&row.key, &mut out),
        Row::Deadline(row) => DeadlineRow::put_key(&row.key, &mut out),
        Row::Outbox(row) => OutboxRow::put_key(&row.key, &mut out),
        Row::Lane(row) => LaneRow::put_key(&row.key, &mut out),
        Row::Message(row) => MessageRow::put_key(&row.key, &mut out),
        Row::Dedup(row) => DedupRow::put_key(&row.key, &mut out),
        Row::Definition(row) => DefinitionRow::put_key(&row.key, &mut out),
        Row::Resolved(row) => ResolvedRow::put_key(&row.key, &mut out),
        Row::TaskLog(row) => TaskLogRow::put_key(&row.key, &mut out),
        Row::Lookup(row) => LookupRow::put_key(&row.key, &mut out),
        Row::Shard(row) => ShardRow::put_key(&row.key, &mut out),
        Row::Snapshot(row) => SnapshotRow::put_key(&row.key, &mut out),
        Row::Received(row) => ReceivedRow::put_key(&row.key, &mut out),
        Row::Ended(row) => EndedRow::put_key(&row.key, &mut out),
        Row::Lease(row) => LeaseRow::put_key(&row.key, &mut out),
        Row::DueDeadline(row) => DueDeadlineRow::put_key(&row.key, &mut out),
    }
}

/// Reads a key back.
///
/// # Errors
/// The bytes are no key, or one of a newer program.
pub fn decode_key(bytes: &[u8]) -> Result<RowKey, CodecError> {
    let mut from = KeyReader::new(bytes);
    let ordinal = from.u8()?;
    let family = Family::from_ordinal(ordinal).ok_or(CodecError::UnknownFamily(ordinal))?;
    let key = match family {
        Family::History => RowKey::History(HistoryRow::take_key(&mut from)?),
        Family::Run => RowKey::Run(RunRow::take_key(&mut from)?),
        Family::Payload => RowKey::Payload(PayloadRow::take_key(&mut from)?),
        Family::Queue => RowKey::Queue(QueueRow::take_key(&mut from)?),
        Family::Deadline => RowKey::Deadline(DeadlineRow::take_key(&mut from)?),
        Family::Outbox => RowKey::Outbox(OutboxRow::take_key(&mut from)?),
        Family::Lane => RowKey::Lane(LaneRow::take_key(&mut from)?),
        Family::Message => RowKey::Message(MessageRow::take_key(&mut from)?),
        Family::Dedup => RowKey::Dedup(DedupRow::take_key(&mut from)?),
        Family::Definition => RowKey::Definition(DefinitionRow::take_key(&mut from)?),
        Family::Resolved => RowKey::Resolved(ResolvedRow::take_key(&mut from)?),
        Family::TaskLog => RowKey::TaskLog(TaskLogRow::take_key(&mut from)?),
        Family::Lookup => RowKey::Lookup(LookupRow::take_key(&mut from)?),
        Family::Shard => RowKey::Shard(ShardRow::take_key(&mut from)?),
        Family::Snapshot => RowKey::Snapshot(SnapshotRow::take_key(&mut from)?),
        Family::Received => RowKey::Received(ReceivedRow::take_key(&mut from)?),
        Family::Ended => RowKey::Ended(EndedRow::take_key(&mut from)?),
        Family::Lease => RowKey::Lease(LeaseRow::take_key(&mut from)?),
        Family::DueDeadline => RowKey::DueDeadline(DueDeadlineRow::take_key(&mut from)?),
    };
    from.finish()?;
    Ok(key)
}

/// Appends the bytes that all keys of a range, and no others, begin with.
pub fn encode_prefix(range: &ScanRange, out: &mut Vec<u8>) {
    range.put_prefix(&mut KeyWriter(out));
}

/// Appends a row's bytes without its key.
pub fn encode_row(row: &Row, out: &mut Vec<u8>) {
    match row {
        Row::History(row) => row.put_value(out),
        Row::Run(row) => row.put_value(out),
        Row::Payload(row) => row.put_value(out),
        Row::Queue(row) => row.put_value(out),
        Row::Deadline(row) => row.put_value(out),
        Row::Outbox(row) => row.put_value(out),
        Row::Lane(row) => row.put_value(out),
        Row::Message(row) => row.put_value(out),
        Row::Dedup(row) => row.put_value(out),
        Row::Definition(row) => row.put_value(out),
        Row::Resolved(row) => row.put_value(out),
        Row::TaskLog(row) => row.put_value(out),
        Row::Lookup(row) => row.put_value(out),
        Row::Shard(row) => row.put_value(out),
        Row::Snapshot(row) => row.put_value(out),
        Row::Received(row) => row.put_value(out),
        Row::Ended(row) => row.put_value(out),
        Row::Lease(row) => row.put_value(out),
        Row::DueDeadline(row) => row.put_value(out),
    }
}

/// Reads a row back from the bytes of its key and its own.
///
/// # Errors
/// The bytes are no key or no row of that key's family, or those of a newer program.
pub fn decode_row(key: &[u8], value: &[u8]) -> Result<Row, CodecError> {
    let (&version, bytes) = value.split_first().ok_or(CodecError::TooShort)?;
    Ok(match decode_key(key)? {
        RowKey::History(key) => Row::History(HistoryRow::take_value(key, version, bytes)?),
        RowKey::Run(key) => Row::Run(RunRow::take_value(key, version, bytes)?),
        RowKey::Payload(key) => Row::Payload(PayloadRow::take_value(key, version, bytes)?),
        RowKey::Queue(key) => Row::Queue(QueueRow::take_value(key, version, bytes)?),
        RowKey::Deadline(key) => Row::Deadline(DeadlineRow::take_value(key, version, bytes)?),
        RowKey::Outbox(key) => Row::Outbox(OutboxRow::take_value(key, version, bytes)?),
        RowKey::Lane(key) => Row::Lane(LaneRow::take_value(key, version, bytes)?),
        RowKey::Message(key) => Row::Message(MessageRow::take_value(key, version, bytes)?),
        RowKey::Dedup(key) => Row::Dedup(DedupRow::take_value(key, version, bytes)?),
        RowKey::Definition(key) => Row::Definition(DefinitionRow::take_value(key, version, bytes)?),
        RowKey::Resolved(key) => Row::Resolved(ResolvedRow::take_value(key, version, bytes)?),
        RowKey::TaskLog(key) => Row::TaskLog(TaskLogRow::take_value(key, version, bytes)?),
        RowKey::Lookup(key) => Row::Lookup(LookupRow::take_value(key, version, bytes)?),
        RowKey::Shard(key) => Row::Shard(ShardRow::take_value(key, version, bytes)?),
        RowKey::Snapshot(key) => Row::Snapshot(SnapshotRow::take_value(key, version, bytes)?),
        RowKey::Received(key) => Row::Received(ReceivedRow::take_value(key, version, bytes)?),
        RowKey::Ended(key) => Row::Ended(EndedRow::take_value(key, version, bytes)?),
        RowKey::Lease(key) => Row::Lease(LeaseRow::take_value(key, version, bytes)?),
        RowKey::DueDeadline(key) => {
            Row::DueDeadline(DueDeadlineRow::take_value(key, version, bytes)?)
        }
    })
}

/// Appends a version byte and fields.
pub(crate) fn put_fields<T: Serialize + ?Sized>(version: u8, fields: &T, out: &mut Vec<u8>) {
    out.push(version);
    let buffer = std::mem::take(out);
    *out = postcard::to_extend(fields, buffer)
        .expect("rows consist of types that postcard can write, and memory does not refuse");
}

/// Reads fields, all of the bytes.
pub(crate) fn take_fields<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (fields, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::Fields)?;
    if rest.is_empty() { Ok(fields) } else { Err(CodecError::TooLong(rest.len())) }
}

/// Refuses versions other than the one known.
pub(crate) const fn expect_version(
    family: Family,
    version: u8,
    known: u8,
) -> Result<(), CodecError> {
    if version == known { Ok(()) } else { Err(CodecError::UnknownVersion { family, version }) }
}
