//! Limits that more than one room must know. Each is a constant with a unit and a reason.

/// Events a run may make in one turn before it queues its own `Continue` (design 2.4).
pub const TURN_EVENTS_MAX: usize = 200;
/// Bytes of events a run may make in one turn.
pub const TURN_BYTES_MAX: usize = 1 << 20;
/// Payloads up to this many bytes stay inline in the event that brought them (design 4).
pub const PAYLOAD_INLINE_MAX: usize = 4 << 10;
/// Serialised bytes of a task's input or output over which the task fails for good
/// (`conductor-semantics` 10.1: 10240 KB).
pub const TASK_PAYLOAD_MAX: usize = 10 << 20;
/// Serialised bytes of a workflow's input or output.
pub const WORKFLOW_PAYLOAD_MAX: usize = 10 << 20;
/// Serialised bytes of all variables of a run (`conductor-semantics` 5.14: 256 KB).
pub const VARIABLES_MAX: usize = 256 << 10;
/// Serialised bytes of a message to a run: as much as the task that takes it may put out.
pub const MESSAGE_PAYLOAD_MAX: usize = 10 << 20;
/// Bytes of a request body (design 5).
pub const BODY_MAX: usize = 16 << 20;
/// Levels of sub-workflows below a root (design 3).
pub const TREE_DEPTH_MAX: u32 = 64;
/// Iterations of one `DO_WHILE`; a loop that would go on fails with this limit named.
pub const LOOP_ITERATIONS_MAX: u32 = 1_000_000;
/// Branches of one dynamic fork; a fork with more fails its run with this limit named. Twice the
/// supported scale.
pub const FORK_BRANCHES_MAX: u32 = 200_000;
/// Bytes of a name: of a workflow, task, reference, correlation id or key. They become keys of rows
/// and names of queues.
pub const NAME_BYTES_MAX: usize = 1024;
/// Tasks of one run over all its epochs.
pub const TASKS_PER_RUN: u32 = 10_000_000;
/// Messages pending in one lane (`conductor-rest` 1.2).
pub const LANE_MESSAGES_MAX: u64 = 1000;
/// Milliseconds after which a pending message of lane `default` expires.
pub const MESSAGE_TTL_MS: i64 = 86_400_000;
/// Messages one `PULL_WORKFLOW_MESSAGES` may take.
pub const PULL_BATCH_MAX: u32 = 100;
/// Log lines kept from one task result; the rest is dropped (`conductor-semantics` 1.6).
pub const LOG_LINES_PER_RESULT: usize = 10;
/// Characters of a task's reason; longer ones are cut (`conductor-rest` 3.5).
pub const REASON_CHARS_MAX: usize = 500;
/// Milliseconds a start, update or signal waits for its run to be quiet before it answers.
pub const QUIET_WAIT_MS: i64 = 1000;
/// Tasks a batch poll may ask for; more are answered with this many.
pub const POLL_COUNT_MAX: usize = 1000;
