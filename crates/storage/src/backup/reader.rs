//! Reading a backup back: nothing is believed that its checksum does not cover.

use std::io::{self, Read};

use fermata_types::Position;

use super::layout::{BLOCK_BYTES_MAX, MAGIC, checksum};
use crate::codec::{CodecError, decode_row};
use crate::rows::Row;

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It does not begin as a backup does, or as one of a newer program.
    #[error("this is no backup that this program can read")]
    NotABackup,
    /// It ends early, or something in it was changed.
    #[error("the backup is damaged in block {block}: {what}")]
    Damaged {
        /// Which block, from 0.
        block: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A row in it cannot be decoded.
    #[error("a row of block {block} cannot be decoded")]
    Row {
        /// Which block, from 0.
        block: u64,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// The stream failed.
    #[error("cannot read the backup")]
    Io(#[from] io::Error),
}

/// Reads a backup, row by row. It is whole only when the iterator has ended without an error.
pub struct BackupReader<R: Read> {
    from: R,
    position: Position,
    body: std::vec::IntoIter<Row>,
    block: u64,
    rows: u64,
    is_done: bool,
}

impl<R: Read> BackupReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// The stream is no backup, or cannot be read.
    pub fn begin(mut from: R) -> Result<Self, BackupError> {
        let mut head = [0; 20];
        from.read_exact(&mut head).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::NotABackup,
            _ => BackupError::Io(error),
        })?;
        let (told, crc) = head.split_at(16);
        let (magic, position) = told.split_first_chunk::<8>().ok_or(BackupError::NotABackup)?;
        if *magic != MAGIC || crc32c::crc32c(told).to_be_bytes() != *crc {
            return Err(BackupError::NotABackup);
        }
        let position = position.first_chunk::<8>().ok_or(BackupError::NotABackup)?;
        let position = Position(u64::from_be_bytes(*position));
        let body = Vec::new().into_iter();
        Ok(Self { from, position, body, block: 0, rows: 0, is_done: false })
    }

    /// The position the rows are as of.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    fn damaged(&self, what: &'static str) -> BackupError {
        BackupError::Damaged { block: self.block, what }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.from.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("it ends too early"),
            _ => BackupError::Io(error),
        })
    }

    /// Reads the next block; false at the end.
    fn next_block(&mut self) -> Result<bool, BackupError> {
        let (mut length, mut crc) = ([0; 4], [0; 4]);
        self.fill(&mut length)?;
        self.fill(&mut crc)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            return self.end(crc).map(|()| false);
        }
        if length > BLOCK_BYTES_MAX {
            return Err(self.damaged("a block is too long"));
        }
        // Grows as bytes come, so that a damaged length costs no memory.
        let mut body = Vec::new();
        (&mut self.from).take(length as u64).read_to_end(&mut body)?;
        if body.len() < length {
            return Err(self.damaged("it ends too early"));
        }
        if checksum(self.block, &body) != crc {
            return Err(self.damaged("the checksum is another"));
        }
        self.body = self.decode(&body)?.into_iter();
        self.block += 1;
        Ok(true)
    }

    fn end(&mut self, crc: [u8; 4]) -> Result<(), BackupError> {
        let mut rows = [0; 8];
        self.fill(&mut rows)?;
        if checksum(self.block, &rows) != crc || u64::from_be_bytes(rows) != self.rows {
            return Err(self.damaged("the end is another's"));
        }
        match self.from.read(&mut [0; 1])? {
            0 => Ok(()),
            _ => Err(self.damaged("something follows the end")),
        }
    }

    fn decode(&self, mut body: &[u8]) -> Result<Vec<Row>, BackupError> {
        let cut = || self.damaged("a row is cut");
        let mut rows = Vec::new();
        while !body.is_empty() {
            let (key, rest) = body.split_first_chunk::<4>().ok_or_else(cut)?;
            let (value, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            let (key, value) = (u32::from_be_bytes(*key), u32::from_be_bytes(*value));
            let (key, rest) = rest.split_at_checked(key as usize).ok_or_else(cut)?;
            let (value, rest) = rest.split_at_checked(value as usize).ok_or_else(cut)?;
            let row = decode_row(key, value);
            rows.push(row.map_err(|source| BackupError::Row { block: self.block, source })?);
            body = rest;
        }
        Ok(rows)
    }
}

impl<R: Read> Iterator for BackupReader<R> {
    type Item = Result<Row, BackupError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.body.next() {
                self.rows += 1;
                return Some(Ok(row));
            }
            if self.is_done {
                return None;
            }
            match self.next_block() {
                Ok(true) => {}
                Ok(false) => self.is_done = true,
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
