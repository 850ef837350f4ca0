//! What a task definition allows: how many of its tasks workers may have at once, and how many
//! they may get in a time (`conductor-semantics` 1.7).

use std::collections::VecDeque;

use fermata_types::{Span, Timestamp};
use serde_json::Value;

/// Entries of a window; more starts are counted as if they were later than they are.
const WINDOW_ENTRIES: usize = 1024;

/// Limits of a task type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskLimits {
    /// `concurrentExecLimit`: tasks in workers' hands at once, in the whole server.
    pub concurrent: Option<usize>,
    /// `rateLimitPerFrequency` in `rateLimitFrequencyInSeconds` (1 s unless given): tasks handed
    /// out in any such span of time.
    pub rate: Option<(u64, Span)>,
}

impl TaskLimits {
    /// Reads a task definition. Absent, zero and negative numbers mean no limit.
    #[must_use]
    pub fn read(definition: &Value) -> Self {
        let number = |field: &str| {
            let found = definition.get(field).and_then(Value::as_u64);
            found.filter(|number| *number > 0)
        };
        let span = number("rateLimitFrequencyInSeconds").unwrap_or(1);
        let span = Span::from_seconds(i64::try_from(span).unwrap_or(i64::MAX));
        Self {
            concurrent: number("concurrentExecLimit")
                .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            rate: number("rateLimitPerFrequency").map(|count| (count, span)),
        }
    }

    /// Whether there is any.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.concurrent.is_some() || self.rate.is_some()
    }
}

/// Starts of the last span of time: a sliding window.
#[derive(Debug, Clone, Default)]
pub struct Window {
    starts: VecDeque<(Timestamp, u64)>,
    count: u64,
}

impl Window {
    /// Whether there is room for one more start now; if not, when there will be.
    ///
    /// # Errors
    /// The time at which the earliest start leaves the window.
    pub fn room(&mut self, limit: u64, span: Span, now: Timestamp) -> Result<(), Timestamp> {
        while let Some((at, many)) = self.starts.front().copied() {
            if at.after(span) > now {
                break;
            }
            self.starts.pop_front();
            self.count = self.count.saturating_sub(many);
        }
        match self.starts.front() {
            Some((at, _)) if self.count >= limit => Err(at.after(span)),
            _ => Ok(()),
        }
    }

    /// Counts a start.
    pub fn start(&mut self, at: Timestamp) {
        self.count += 1;
        match self.starts.back_mut() {
            Some((last, many)) if *last >= at => *many += 1,
            _ => self.starts.push_back((at, 1)),
        }
        if self.starts.len() > WINDOW_ENTRIES
            && let Some((_, many)) = self.starts.pop_front()
            && let Some((_, next)) = self.starts.front_mut()
        {
            *next += many;
        }
    }

    /// The last start did not happen.
    pub fn undo(&mut self) {
        if let Some((_, many)) = self.starts.back_mut() {
            *many -= 1;
            let is_empty = *many == 0;
            self.count -= 1;
            if is_empty {
                self.starts.pop_back();
            }
        }
    }
}
