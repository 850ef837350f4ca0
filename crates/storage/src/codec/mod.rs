//! The bytes of keys and rows, as the embedded store keeps them (`docs/formats/rows.md`).
//!
//! A key is the family's byte, then its fields so that keys sort as their bytes do. A row's other
//! fields are one version byte, then postcard.

mod error;
mod key;
mod row;

pub use error::CodecError;
pub(crate) use key::{KeyReader, KeyWriter};
pub use row::{decode_key, decode_row, encode_key, encode_key_of, encode_prefix, encode_row};
pub(crate) use row::{expect_version, put_fields, take_fields};
