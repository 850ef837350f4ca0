//! Writing a backup.

use std::io::{self, Write};

use fermata_types::Position;

use super::layout::{MAGIC, checksum};
use crate::codec::{encode_key_of, encode_row};
use crate::rows::Row;

/// Bytes after which a block is closed.
pub const BLOCK_BYTES: usize = 1 << 20;

/// Writes a backup. Without [`BackupWriter::finish`] the stream has no end, and no reader takes it.
pub struct BackupWriter<W: Write> {
    out: W,
    body: Vec<u8>,
    blocks: u64,
    rows: u64,
}

impl<W: Write> BackupWriter<W> {
    /// Begins the backup of a store as of a position.
    ///
    /// # Errors
    /// The stream's.
    pub fn begin(mut out: W, position: Position) -> io::Result<Self> {
        let mut head = MAGIC.to_vec();
        head.extend(position.0.to_be_bytes());
        let crc = crc32c::crc32c(&head).to_be_bytes();
        out.write_all(&head)?;
        out.write_all(&crc)?;
        Ok(Self { out, body: Vec::new(), blocks: 0, rows: 0 })
    }

    /// Adds a row. Rows come in key order, each once.
    ///
    /// # Errors
    /// The stream's.
    pub fn put(&mut self, row: &Row) -> io::Result<()> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        encode_key_of(row, &mut key);
        encode_row(row, &mut value);
        self.body.extend(length(&key)?);
        self.body.extend(length(&value)?);
        self.body.extend(key);
        self.body.extend(value);
        self.rows += 1;
        if self.body.len() >= BLOCK_BYTES { self.close_block() } else { Ok(()) }
    }

    fn close_block(&mut self) -> io::Result<()> {
        let body = std::mem::take(&mut self.body);
        self.out.write_all(&length(&body)?)?;
        self.out.write_all(&checksum(self.blocks, &body))?;
        self.out.write_all(&body)?;
        self.blocks += 1;
        Ok(())
    }

    /// Ends the backup; answers how many rows it has, and the stream.
    ///
    /// # Errors
    /// The stream's.
    pub fn finish(mut self) -> io::Result<(u64, W)> {
        if !self.body.is_empty() {
            self.close_block()?;
        }
        let rows = self.rows.to_be_bytes();
        self.out.write_all(&[0; 4])?;
        self.out.write_all(&checksum(self.blocks, &rows))?;
        self.out.write_all(&rows)?;
        self.out.flush()?;
        Ok((self.rows, self.out))
    }
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(bytes.len());
    length.map(u32::to_be_bytes).map_err(|_| io::Error::other("a row is longer than 4 GiB"))
}
