//! Backups: all rows of a store at one position in one stream, checked block by block.
//!
//! ```text
//! 0   8  "FRMBAK01"
//! 8   8  position
//! 16  4  crc32c of bytes 0 to 15
//! 20     blocks: body length (4, never 0), crc32c of the block's number (8) and the body (4), body
//!        the end: 0 (4), crc32c of the number of blocks (8) and the rest (4), number of rows (8)
//! ```
//! A body is rows in key order: key length (4), value length (4), key, value. Numbers are
//! big-endian, blocks count from 0. `docs/formats/backup.md` describes it in full.

mod layout;
mod reader;
mod writer;

pub use reader::{BackupError, BackupReader};
pub use writer::{BLOCK_BYTES, BackupWriter};
