//! What happened in a world, line by line: two runs of one seed must write the same bytes.

use std::fmt::Write as _;

/// The trace. Off, it costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    text: Option<String>,
}

impl Trace {
    /// A trace that is kept, or none.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { text: is_kept.then(String::new) }
    }

    /// Notes one line; `line` is only called when the trace is kept.
    pub(crate) fn note(&mut self, step: u64, line: impl FnOnce() -> String) {
        if let Some(text) = &mut self.text {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{step:6} {}", line());
        }
    }

    /// The lines so far.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }
}
