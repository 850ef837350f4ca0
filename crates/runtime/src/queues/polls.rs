//! Who polled what, and when. Memory only (design 5).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fermata_types::{Span, Timestamp};

/// How long a poll makes its domain count as active (`conductor-semantics` 1.8).
pub const ACTIVE_FOR: Span = Span::from_seconds(10);
/// Pairs of task type and domain kept; more replace the ones polled longest ago.
const PAIRS_MAX: usize = 10_000;

/// The last poll of a task type in a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollData {
    /// Task type.
    pub task_type: String,
    /// Domain, if any.
    pub domain: Option<String>,
    /// Who.
    pub worker: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// All last polls.
#[derive(Debug, Default)]
pub struct PollBook {
    polls: Mutex<BTreeMap<(String, Option<String>), PollData>>,
}

impl PollBook {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, Option<String>), PollData>> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a poll.
    pub fn note(&self, poll: PollData) {
        let mut polls = self.lock();
        let key = (poll.task_type.clone(), poll.domain.clone());
        if polls.len() >= PAIRS_MAX && !polls.contains_key(&key) {
            let oldest = polls.iter().min_by_key(|(_, poll)| poll.at).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                polls.remove(&oldest);
            }
        }
        polls.insert(key, poll);
    }

    /// Whether someone polled that type in that domain lately.
    #[must_use]
    pub fn is_active(&self, task_type: &str, domain: &str, now: Timestamp) -> bool {
        let key = (task_type.to_owned(), Some(domain.to_owned()));
        self.lock().get(&key).is_some_and(|poll| now.since(poll.at) <= ACTIVE_FOR)
    }

    /// The last polls of a task type, or of all.
    #[must_use]
    pub fn of(&self, task_type: Option<&str>) -> Vec<PollData> {
        let polls = self.lock();
        let wanted = |poll: &&PollData| task_type.is_none_or(|wanted| poll.task_type == wanted);
        polls.values().filter(wanted).cloned().collect()
    }
}
