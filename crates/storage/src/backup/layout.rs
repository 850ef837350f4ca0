//! What writer and reader agree on.

/// How a backup begins.
pub(super) const MAGIC: [u8; 8] = *b"FRMBAK01";
/// Most bytes of a block that a reader accepts; a writer's blocks are 1 MiB and one row at most.
pub(super) const BLOCK_BYTES_MAX: usize = 512 << 20;

/// The checksum of a block or of the end: the number is part of it, so that none can change place.
pub(super) fn checksum(number: u64, bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_be_bytes()), bytes).to_be_bytes()
}
