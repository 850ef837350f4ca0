//! What a script may use. Each limit is a constant with a unit and a reason.

use std::time::Duration;

/// Wall time of one evaluation (`conductor-semantics` 5.19: 4 s).
pub const WALL_MAX: Duration = Duration::from_secs(4);
/// Time after [`WALL_MAX`] until an engine stuck in native code, where it does not look at the
/// clock, is given up and its thread left behind.
pub const GRACE: Duration = Duration::from_secs(1);
/// Calls, jumps and native loop steps of one evaluation. Reached only where wall time passes
/// unnoticed; about ten times what the engine does in [`WALL_MAX`].
pub const OPERATIONS_MAX: u64 = 5_000_000_000;
/// Calls, jumps or loop steps between two questions of the engine whether to go on; fixed by it.
pub const OPERATIONS_PER_CHECK: u64 = 10_000;
/// Bytes the engine may allocate for one evaluation. A task's input may have 10 MiB of JSON,
/// which takes about ten times that as objects.
pub const MEMORY_MAX: usize = 128 << 20;
/// Bytes granted on top of [`MEMORY_MAX`] for reading an error after memory ran out.
pub const MEMORY_FOR_ERROR: usize = 1 << 20;
/// Bytes of native stack a script may use: thousands of nested calls.
pub const STACK_MAX: usize = 1 << 20;
/// Bytes of stack of an engine's thread: [`STACK_MAX`] and room for what is called from there,
/// also in builds without optimisation.
pub const THREAD_STACK: usize = 4 << 20;
/// Bytes of a script's source.
pub const SOURCE_MAX: usize = 1 << 20;
/// Bytes of a result as JSON (`conductor-semantics` 10.1: 10240 KB, what a task's output may have).
pub const RESULT_MAX: usize = 10 << 20;
/// Levels of a result; JSON parsers commonly stop at 128.
pub const RESULT_DEPTH_MAX: usize = 100;
/// Characters of a script quoted in an error.
pub const QUOTE_CHARS_MAX: usize = 200;
/// Characters of an error's own message.
pub const MESSAGE_CHARS_MAX: usize = 1000;
/// Engines waiting for work; more are let go after their evaluation.
pub const IDLE_MAX: usize = 8;
/// Engine threads alive, idle, busy and given up together; over it an evaluation fails at once.
pub const THREADS_MAX: usize = 64;

/// The limits of one evaluation; smaller ones are for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// Time after `wall` until a stuck engine is given up.
    pub grace: Duration,
    /// Calls, jumps and loop steps.
    pub operations: u64,
    /// Bytes allocated.
    pub memory: usize,
    /// Bytes of the result as JSON.
    pub result: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: WALL_MAX,
            grace: GRACE,
            operations: OPERATIONS_MAX,
            memory: MEMORY_MAX,
            result: RESULT_MAX,
        }
    }
}
