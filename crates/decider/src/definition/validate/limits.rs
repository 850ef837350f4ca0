//! Limits of definitions. Ours, not the reference server's; over one of them nothing else is
//! checked, so that validating costs no more than the limits allow.

use std::io;

use serde_json::Value;

/// Levels of tasks inside tasks; what walks a definition recurses once a level.
pub const TASK_DEPTH_MAX: usize = 64;
/// Tasks of one definition, nested ones included.
pub const TASKS_MAX: usize = 10_000;
/// Bytes of a definition as compact JSON: every run of it keeps a compiled copy in memory.
pub const DEFINITION_BYTES_MAX: usize = 4 << 20;
/// Findings one validation reports; the rest would only repeat them.
pub const FINDINGS_MAX: usize = 1_000;

/// Whether a value is larger than [`DEFINITION_BYTES_MAX`]; stops counting there.
pub(super) fn is_too_big(value: &Value) -> bool {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let left = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            self.0 = left;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Counter(DEFINITION_BYTES_MAX), value).is_err()
}
