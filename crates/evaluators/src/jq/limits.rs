//! What a query may use. Each limit is a constant with a unit and a reason.

use std::time::Duration;

use crate::limits::{RESULT_MAX, WALL_MAX};

/// Bytes of address space that a child may add to what it has when it is ready. A task's input
/// may have 10 MiB of JSON, which takes about ten times that as values.
pub const MEMORY_MAX: u64 = 256 << 20;
/// Bytes of the stack queries run on: some ten thousand nested calls. Part of what a child has
/// when it is ready.
pub(super) const STACK: usize = 32 << 20;
/// Bytes of a query.
pub const QUERY_MAX: usize = 1 << 20;
/// Bytes of an input as JSON; more than a task's input may have (`conductor-semantics` 10.1).
pub const INPUT_MAX: usize = 64 << 20;
/// Bytes of input or answer over which a child is let go after its query rather than kept with
/// the memory it took.
pub(super) const KEPT_AFTER_MAX: usize = 1 << 20;
/// Queries a child answers before it is replaced, so that nothing it keeps can grow for ever.
pub(super) const QUERIES_PER_CHILD: u32 = 10_000;
/// Compiled queries a child keeps.
pub(super) const COMPILED_MAX: usize = 64;
/// Children waiting for work; more are let go after their query.
pub(super) const IDLE_MAX: usize = 4;
/// Children alive.
pub const CHILDREN_MAX: usize = 16;
/// Queries waiting for a child; over it a query fails at once.
pub const WAITING_MAX: usize = 256;
/// Bytes read of what a dead child said last.
pub(super) const LAST_WORDS_MAX: u64 = 4096;

/// The limits of one query; smaller ones are for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JqLimits {
    /// Wall time, from the child's taking it to its answer. The reference server has no limit;
    /// ours is that of scripts.
    pub wall: Duration,
    /// Bytes of address space for the query, its input and its results.
    pub memory: u64,
    /// Bytes of all results as JSON.
    pub result: usize,
}

impl Default for JqLimits {
    fn default() -> Self {
        Self { wall: WALL_MAX, memory: MEMORY_MAX, result: RESULT_MAX }
    }
}
