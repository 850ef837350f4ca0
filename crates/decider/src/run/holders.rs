//! Workers and domains of a run's tasks, each pair kept once: a hundred thousand tasks are done by
//! a handful of workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Who has a task, and the domain of its queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holder {
    /// Its place among the run's holders, from 0, in the order they first came.
    pub index: u32,
    /// Who has it or had it.
    pub worker: Option<String>,
    /// Domain of its queue.
    pub domain: Option<String>,
}

/// All holders of one run. Grows with the workers it met, never shrinks.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    all: Vec<Arc<Holder>>,
    /// Places by worker, empty for none: one for each domain the worker was met in.
    by_worker: BTreeMap<String, Vec<u32>>,
}

impl Holders {
    /// The one holder of that worker and domain; none when there is neither.
    pub(super) fn of(&mut self, worker: Option<&str>, domain: Option<&str>) -> Option<Arc<Holder>> {
        if worker.is_none() && domain.is_none() {
            return None;
        }
        if let Some(found) = self.find(worker, domain) {
            return Some(found.clone());
        }
        let index = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let (worker, domain) = (worker.map(str::to_owned), domain.map(str::to_owned));
        let holder = Arc::new(Holder { index, worker, domain });
        self.add(holder.clone());
        Some(holder)
    }

    fn find(&self, worker: Option<&str>, domain: Option<&str>) -> Option<&Arc<Holder>> {
        let is_it = |holder: &&Arc<Holder>| {
            holder.worker.as_deref() == worker && holder.domain.as_deref() == domain
        };
        let places = self.by_worker.get(worker.unwrap_or_default())?;
        places.iter().filter_map(|index| self.all.get(*index as usize)).find(is_it)
    }

    fn add(&mut self, holder: Arc<Holder>) {
        let worker = holder.worker.clone().unwrap_or_default();
        self.by_worker.entry(worker).or_default().push(holder.index);
        self.all.push(holder);
    }

    /// The holder at that place.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<Arc<Holder>> {
        self.all.get(index as usize).cloned()
    }

    /// All of them in the order they came.
    #[must_use]
    pub fn all(&self) -> &[Arc<Holder>] {
        &self.all
    }
}

impl FromIterator<Holder> for Holders {
    fn from_iter<I: IntoIterator<Item = Holder>>(holders: I) -> Self {
        let mut all = Self::default();
        holders.into_iter().for_each(|holder| all.add(Arc::new(holder)));
        all
    }
}
