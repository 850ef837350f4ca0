//! The stack that readers need.

/// Stack a thread needs to read any request or definition, in bytes.
///
/// The parser refuses more than 127 levels of JSON, which is 63 tasks inside each other. Such a
/// definition takes about 1 MiB of stack in an optimised build and 3 MiB in a plain one, which is
/// more than threads have by default; overflowing it ends the process. Threads that read bodies
/// of clients are to be given this much.
pub const READER_STACK_BYTES: usize = 8 * 1024 * 1024;
