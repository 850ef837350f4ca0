//! Why bytes are no key or no row.

use crate::rows::Family;

/// Why bytes are no key or no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end too early.
    #[error("too short")]
    TooShort,
    /// Bytes are left after the last field.
    #[error("{0} bytes too many")]
    TooLong(usize),
    /// The first byte of a key names no family this program knows.
    #[error("unknown row family {0}")]
    UnknownFamily(u8),
    /// The row was written in a version this program does not know: by a newer one.
    #[error("unknown version {version} of a {family:?} row")]
    UnknownVersion {
        /// The row's family.
        family: Family,
        /// The version found.
        version: u8,
    },
    /// A field has a value it cannot have.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The fields of a row cannot be read.
    #[error("malformed fields: {0}")]
    Fields(#[source] postcard::Error),
}
