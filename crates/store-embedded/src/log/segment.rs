//! Segments: their names and headers.
//!
//! ```text
//! 0    8   "FERMSEGM"
//! 8    4   format version
//! 12   16  store id
//! 28   8   segment number, from 1
//! 36   8   first position: that of the first frame; the segment before ends just below it
//! 44   464 zeros
//! 508  4   crc32c of bytes 0 to 507
//! 512      frames
//! ```

use std::path::Path;

use fermata_types::Position;

use super::{OpenError, StoreId};

/// Bytes a disk is taken to write as a whole or not at all. Headers and frames start on one, so
/// no write touches a sector that holds bytes already acknowledged.
pub(crate) const SECTOR: usize = 512;
/// The version of everything in the directory but row values, which carry their own.
pub(super) const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"FERMSEGM";
const CRC_AT: usize = SECTOR - 4;
const PREFIX: &str = "segment-";
const SUFFIX: &str = ".log";

/// What the first sector of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) store_id: StoreId,
    pub(super) number: u64,
    pub(super) first: Position,
}

/// The file name of a segment.
pub(super) fn name(number: u64) -> String {
    format!("{PREFIX}{number:010}{SUFFIX}")
}

/// The number of the segment with that file name, if it is one.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let all_digits = digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { digits.parse().ok() } else { None }
}

impl SegmentHeader {
    /// The first sector.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT_VERSION.to_be_bytes());
        bytes.extend(self.store_id.0);
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.first.0.to_be_bytes());
        bytes.resize(CRC_AT, 0);
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        bytes
    }

    /// Reads the first sector; `None` if it is not a whole header: the segment has not begun, or
    /// is damaged, which only its frames can tell.
    pub(super) fn decode(file: &Path, segment: &[u8]) -> Result<Option<Self>, OpenError> {
        let Some((covered, crc)) = segment.get(..SECTOR).and_then(|s| s.split_at_checked(CRC_AT))
        else {
            return Ok(None);
        };
        if crc != crc32c::crc32c(covered).to_be_bytes() {
            return Ok(None);
        }
        let Some((magic, rest)) = covered.split_first_chunk::<8>() else { return Ok(None) };
        let Some((version, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let Some((store_id, rest)) = rest.split_first_chunk::<16>() else { return Ok(None) };
        let Some((number, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
        let Some((first, _)) = rest.split_first_chunk::<8>() else { return Ok(None) };
        if *magic != MAGIC {
            return Ok(None);
        }
        let version = u32::from_be_bytes(*version);
        if version != FORMAT_VERSION {
            return Err(OpenError::UnknownVersion { file: file.to_owned(), version });
        }
        Ok(Some(Self {
            store_id: StoreId(*store_id),
            number: u64::from_be_bytes(*number),
            first: Position(u64::from_be_bytes(*first)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_numbers() {
        assert_eq!(name(7), "segment-0000000007.log");
        assert_eq!(number_of(&name(7)), Some(7));
        assert_eq!(number_of(&name(123_456_789_012)), Some(123_456_789_012));
        for other in ["segment-7.log", "segment-000000000x.log", "store.id", "segment-0000000007"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    #[test]
    fn any_flipped_bit_of_a_header_is_seen() {
        let header =
            SegmentHeader { store_id: StoreId([7; 16]), number: 3, first: Position(1 << 40) };
        let bytes = header.encode();
        let path = Path::new("segment");
        assert_eq!(SegmentHeader::decode(path, &bytes).expect("known version"), Some(header));
        for at in 0..SECTOR * 8 {
            let mut damaged = bytes.clone();
            *damaged.get_mut(at / 8).expect("inside") ^= 1 << (at % 8);
            assert_eq!(SegmentHeader::decode(path, &damaged).expect("no version is read"), None);
        }
    }
}
