//! Frames: one group commit each, row writes already encoded, one checksum over all of it.
//!
//! ```text
//! 0   4  "FRM1"
//! 4   4  body length in bytes
//! 8   8  position
//! 16  4  number of writes
//! 20  4  crc32c of the store id, bytes 0 to 19, and byte 24 to the end of the last sector
//! 24     body: the writes
//!        1, key length (4), value length (4), key, value      a put
//!        2, key length (4), key                               a delete
//!        zeros to the end of the sector
//! ```

use fermata_storage::codec::{encode_key, encode_key_of, encode_row};
use fermata_storage::{CodecError, Row, RowKey};
use fermata_types::Position;

use super::StoreId;
use super::segment::SECTOR;

const MAGIC: [u8; 4] = *b"FRM1";
const HEADER: usize = 24;
const CRC_AT: usize = 20;
const PUT: u8 = 1;
const DELETE: u8 = 2;
/// Capacity the buffer keeps between groups; larger ones are given back.
const KEPT_CAPACITY: usize = 4 << 20;

/// Encodes groups, one after another, into the same memory.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
    body_length: usize,
    writes: u32,
}

impl FrameBuffer {
    /// Begins a frame and forgets the one before.
    pub(crate) fn begin(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_CAPACITY);
        self.bytes.resize(HEADER, 0);
        self.body_length = 0;
        self.writes = 0;
    }

    /// Adds the writing of a row.
    pub(crate) fn put(&mut self, row: &Row) {
        self.bytes.push(PUT);
        let lengths = self.bytes.len();
        self.bytes.extend([0; 8]);
        encode_key_of(row, &mut self.bytes);
        let key_end = self.bytes.len();
        encode_row(row, &mut self.bytes);
        let value_length = self.bytes.len() - key_end;
        self.patch(lengths, &length_bytes(key_end - lengths - 8));
        self.patch(lengths + 4, &length_bytes(value_length));
        self.writes += 1;
    }

    /// Adds the removal of a row.
    pub(crate) fn delete(&mut self, key: &RowKey) {
        self.bytes.push(DELETE);
        let length = self.bytes.len();
        self.bytes.extend([0; 4]);
        encode_key(key, &mut self.bytes);
        self.patch(length, &length_bytes(self.bytes.len() - length - 4));
        self.writes += 1;
    }

    /// Bytes so far, without padding.
    pub(crate) const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was added.
    pub(crate) const fn is_empty(&self) -> bool {
        self.writes == 0
    }

    /// Pads the frame to whole sectors and seals it.
    pub(super) fn seal(&mut self, position: Position, store_id: StoreId) {
        self.body_length = self.bytes.len() - HEADER;
        self.bytes.resize(self.bytes.len().next_multiple_of(SECTOR), 0);
        self.patch(0, &MAGIC);
        self.patch(4, &length_bytes(self.body_length));
        self.patch(8, &position.0.to_be_bytes());
        self.patch(16, &self.writes.to_be_bytes());
        let crc = checksum(&self.bytes, store_id).expect("a frame is longer than its header");
        self.patch(CRC_AT, &crc.to_be_bytes());
    }

    /// The sealed frame: whole sectors.
    pub(super) fn sealed(&self) -> &[u8] {
        &self.bytes
    }

    /// The writes of the sealed frame, to be carried out in memory.
    pub(crate) fn writes(&self) -> Writes<'_> {
        let body = self.bytes.get(HEADER..HEADER + self.body_length);
        Writes { rest: body.unwrap_or_default(), left: self.writes }
    }

    fn patch(&mut self, at: usize, bytes: &[u8]) {
        let place = self.bytes.get_mut(at..at + bytes.len());
        place.expect("only what was reserved is patched").copy_from_slice(bytes);
    }
}

fn length_bytes(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("a group's limit is far below 4 GiB").to_be_bytes()
}

fn checksum(frame: &[u8], store_id: StoreId) -> Option<u32> {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&store_id.0), frame.get(..CRC_AT)?);
    Some(crc32c::crc32c_append(crc, frame.get(HEADER..)?))
}

/// A whole and valid frame found in a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The position its group has.
    pub(crate) position: Position,
    /// All its sectors.
    pub(super) bytes: &'a [u8],
    body: &'a [u8],
    writes: u32,
}

impl<'a> Frame<'a> {
    /// The frame that bytes begin with, if it is whole and of that store.
    pub(super) fn parse(bytes: &'a [u8], store_id: StoreId) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        if *magic != MAGIC {
            return None;
        }
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (position, rest) = rest.split_first_chunk::<8>()?;
        let (writes, rest) = rest.split_first_chunk::<4>()?;
        let (crc, _) = rest.split_first_chunk::<4>()?;
        let end = HEADER.checked_add(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let bytes = bytes.get(..end.checked_next_multiple_of(SECTOR)?)?;
        if checksum(bytes, store_id)? != u32::from_be_bytes(*crc) {
            return None;
        }
        Some(Self {
            position: Position(u64::from_be_bytes(*position)),
            bytes,
            body: bytes.get(HEADER..end)?,
            writes: u32::from_be_bytes(*writes),
        })
    }

    /// Bytes of all its sectors.
    pub(crate) const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The writes in order.
    pub(crate) const fn writes(&self) -> Writes<'a> {
        Writes { rest: self.body, left: self.writes }
    }
}

/// One write of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteRef<'a> {
    /// A row under a key.
    Put { key: &'a [u8], value: &'a [u8] },
    /// No row under a key.
    Delete { key: &'a [u8] },
}

/// Reads the writes of a frame; an error ends it.
#[derive(Debug)]
pub(crate) struct Writes<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Writes<'a> {
    fn take_length(&mut self) -> Result<usize, CodecError> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or(CodecError::TooShort)?;
        self.rest = rest;
        usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CodecError::TooShort)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CodecError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_write(&mut self) -> Result<WriteRef<'a>, CodecError> {
        match self.take(1)? {
            [PUT] => {
                let (key, value) = (self.take_length()?, self.take_length()?);
                Ok(WriteRef::Put { key: self.take(key)?, value: self.take(value)? })
            }
            [DELETE] => {
                let key = self.take_length()?;
                Ok(WriteRef::Delete { key: self.take(key)? })
            }
            _ => Err(CodecError::Malformed("unknown kind of write")),
        }
    }
}

impl<'a> Iterator for Writes<'a> {
    type Item = Result<WriteRef<'a>, CodecError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            let left_over = std::mem::take(&mut self.rest);
            return (!left_over.is_empty()).then_some(Err(CodecError::TooLong(left_over.len())));
        }
        self.left -= 1;
        let write = self.take_write();
        if write.is_err() {
            (self.rest, self.left) = (&[], 0);
        }
        Some(write)
    }
}

#[cfg(test)]
mod tests {
    use fermata_storage::codec::decode_row;
    use fermata_storage::conformance::samples;
    use proptest::prelude::*;

    use super::*;

    const ID: StoreId = StoreId([9; 16]);

    fn sealed(rows: &[Row]) -> FrameBuffer {
        let mut frame = FrameBuffer::default();
        frame.begin();
        for row in rows {
            frame.put(row);
            frame.delete(&row.key());
        }
        frame.seal(Position(7), ID);
        frame
    }

    #[test]
    fn frames_come_back() {
        for length in [0, 1, 3, samples().len()] {
            let rows: Vec<Row> = samples().into_iter().take(length).collect();
            let buffer = sealed(&rows);
            assert!(buffer.sealed().len().is_multiple_of(SECTOR));
            let frame = Frame::parse(buffer.sealed(), ID).expect("whole");
            assert_eq!(frame.position, Position(7));
            let writes: Vec<_> = frame.writes().map(|write| write.expect("whole")).collect();
            let again: Vec<_> = buffer.writes().map(|write| write.expect("whole")).collect();
            assert_eq!(writes, again);
            assert_eq!(writes.len(), rows.len() * 2);
            for (row, pair) in rows.iter().zip(writes.chunks(2)) {
                let [WriteRef::Put { key, value }, WriteRef::Delete { key: deleted }] = pair else {
                    panic!("{pair:?} is no put and delete");
                };
                assert_eq!(key, deleted);
                assert_eq!(decode_row(key, value).as_ref(), Ok(row));
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), left in 0u32..9) {
            prop_assert!(Frame::parse(&bytes, ID).is_none());
            let mut framed = MAGIC.to_vec();
            framed.extend(&bytes);
            prop_assert!(Frame::parse(&framed, ID).is_none());
            let writes = Writes { rest: &bytes, left }.count();
            prop_assert!(writes <= left as usize + 1);
        }
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_seen() {
        let buffer = sealed(&samples().into_iter().take(3).collect::<Vec<_>>());
        let whole = buffer.sealed();
        for at in 0..whole.len() * 8 {
            let mut damaged = whole.to_vec();
            *damaged.get_mut(at / 8).expect("inside") ^= 1 << (at % 8);
            assert!(Frame::parse(&damaged, ID).is_none(), "bit {at}");
        }
        for length in 0..whole.len() {
            assert!(Frame::parse(whole.get(..length).expect("inside"), ID).is_none());
        }
        assert!(Frame::parse(whole, StoreId([8; 16])).is_none(), "a frame of another store");
    }
}
