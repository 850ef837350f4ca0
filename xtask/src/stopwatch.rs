//! How long a step took: the one place of this tool that looks at a clock.

use std::time::{Duration, Instant};

/// Runs from its creation.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a tool times its own steps for its report")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration for people: `0.4 s`, `12.0 s`, `3 min 07 s`.
pub fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(shown(Duration::from_millis(412)), "0.4 s");
        assert_eq!(shown(Duration::from_secs(187)), "3 min 07 s");
    }
}
