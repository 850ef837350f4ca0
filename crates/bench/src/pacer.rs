//! The pace of an open loop: when each request is due, whatever the server does.
//!
//! A thread of its own keeps it, because the runtime's timers tick in milliseconds and would add
//! one to every latency.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

use crate::report::Latency;

/// The least backlog kept, so that slow rates survive a short stall.
const BACKLOG_MIN: usize = 64;

/// A fixed rate for a fixed time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) per_second: u32,
    pub(crate) length: Duration,
}

impl Pace {
    /// Requests that fall due.
    pub(crate) fn total(self) -> u64 {
        (self.length.as_secs_f64() * f64::from(self.per_second)) as u64
    }

    /// When request `number` (from 0) is due after the begin.
    fn due(self, number: u64) -> Duration {
        Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(self.per_second))
    }
}

/// How well the pace was kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Requests that fell due.
    pub(crate) due: u64,
    /// Requests given up because a second's worth was already waiting for a free connection.
    pub(crate) dropped: u64,
    /// How late the pacer itself was; the latencies count from the due time all the same.
    pub(crate) lateness: Latency,
}

/// Starts the pacer. The receiver gets each due time; it ends after the last one.
pub(crate) fn launch(pace: Pace, begin: Instant) -> (Receiver<Instant>, JoinHandle<Kept>) {
    let backlog = usize::try_from(pace.per_second).unwrap_or(BACKLOG_MIN).max(BACKLOG_MIN);
    let (sender, receiver) = mpsc::channel(backlog);
    (receiver, thread::spawn(move || keep(pace, begin, &sender)))
}

fn keep(pace: Pace, begin: Instant, sender: &Sender<Instant>) -> Kept {
    let mut kept = Kept::default();
    for number in 0..pace.total() {
        let due = begin + pace.due(number);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        kept.due += 1;
        kept.lateness.record(Instant::now().saturating_duration_since(due));
        match sender.try_send(due) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => kept.dropped += 1,
            Err(TrySendError::Closed(_)) => break,
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_do_not_drift() {
        let pace = Pace { per_second: 3, length: Duration::from_secs(100) };
        assert_eq!(pace.total(), 300);
        assert_eq!(pace.due(0), Duration::ZERO);
        assert_eq!(pace.due(300), Duration::from_secs(100));
    }

    #[test]
    fn what_nobody_takes_is_dropped_and_counted() {
        let begin = Instant::now();
        let pace = Pace { per_second: 100_000, length: Duration::from_millis(2) };
        let (sender, mut receiver) = mpsc::channel(50);
        let kept = keep(pace, begin, &sender);
        assert_eq!((kept.due, kept.dropped), (200, 150));
        assert_eq!(receiver.try_recv().ok(), Some(begin));
    }
}
