//! Task types that the server performs itself (`conductor-semantics` 0.6): data that names one of
//! them means it, not a worker.

/// Sorted.
const SYSTEM_TYPES: &[&str] = &[
    "DECISION",
    "DO_WHILE",
    "DYNAMIC",
    "EVENT",
    "EXCLUSIVE_JOIN",
    "FORK_JOIN",
    "FORK_JOIN_DYNAMIC",
    "HTTP",
    "HUMAN",
    "INLINE",
    "JOIN",
    "JSON_JQ_TRANSFORM",
    "KAFKA_PUBLISH",
    "LAMBDA",
    "NOOP",
    "PULL_WORKFLOW_MESSAGES",
    "SET_VARIABLE",
    "START_WORKFLOW",
    "SUB_WORKFLOW",
    "SWITCH",
    "TERMINATE",
    "WAIT",
];

/// Whether a task type is performed by the server.
#[must_use]
pub fn is_system(task_type: &str) -> bool {
    SYSTEM_TYPES.binary_search(&task_type).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_sorted() {
        assert!(SYSTEM_TYPES.is_sorted_by(|one, next| one < next));
        assert!(is_system("WAIT") && !is_system("SIMPLE") && !is_system("wait"));
    }
}
