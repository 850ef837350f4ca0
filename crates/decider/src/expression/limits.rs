//! Limits of expressions. Over one of them a resolution fails and the error names the limit.

/// Levels of expressions inside expressions, the outermost included.
pub const EXPRESSION_DEPTH_MAX: usize = 8;
/// Bytes of the text between `${` and `}`, before and after inner expressions are resolved.
pub const EXPRESSION_LENGTH_MAX: usize = 16 << 10;
/// Steps of one path; a walk recurses once a step, so this bounds the stack.
pub const PATH_STEPS_MAX: usize = 256;
/// Bytes one resolution may produce, measured roughly as serialised JSON.
pub const RESOLVED_BYTES_MAX: usize = 16 << 20;
/// Values one resolution may look at; reached only by deep scans, wildcards and filters.
pub const VISITED_NODES_MAX: usize = 1_000_000;
/// Tasks over which an expression may range that names no single task (design 4).
pub const DESCENT_TASKS_MAX: usize = 1_000;
/// Levels of brackets, negations and filters inside a filter; more is an invalid path.
pub(super) const FILTER_DEPTH_MAX: usize = 16;
/// Bytes a compiled pattern of `=~` may take; more is an invalid path.
pub(super) const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A limit that an expression went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Limit {
    /// See [`EXPRESSION_DEPTH_MAX`].
    #[error("expressions are nested deeper than {EXPRESSION_DEPTH_MAX} levels")]
    ExpressionDepth,
    /// See [`EXPRESSION_LENGTH_MAX`].
    #[error("an expression is longer than {EXPRESSION_LENGTH_MAX} bytes")]
    ExpressionLength,
    /// See [`PATH_STEPS_MAX`].
    #[error("the path of an expression has more than {PATH_STEPS_MAX} steps")]
    PathSteps,
    /// See [`RESOLVED_BYTES_MAX`].
    #[error("resolved expressions are larger than {RESOLVED_BYTES_MAX} bytes")]
    ResolvedBytes,
    /// See [`VISITED_NODES_MAX`].
    #[error("expressions look at more than {VISITED_NODES_MAX} values")]
    VisitedNodes,
    /// See [`DESCENT_TASKS_MAX`].
    #[error("an expression ranges over more than {DESCENT_TASKS_MAX} tasks")]
    DescentTasks,
}
