//! Tasks inside loops by place: which is the latest attempt of a step in an iteration. Eight bytes
//! for an iteration of one task.

use std::collections::{BTreeMap, BTreeSet};

use fermata_types::TaskNumber;

use crate::definition::StepId;
use crate::run::task::Task;
use crate::run::tasks::Tasks;

/// The loops of a run by their task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoopIndex {
    scopes: BTreeMap<TaskNumber, Iterations>,
}

/// The tasks of one loop, iteration after iteration, in each by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Iterations {
    /// Iterations before the first that is kept.
    dropped: u32,
    /// Where each iteration begins in `tasks`, the first being the one after `dropped`.
    begins: Vec<u32>,
    /// The latest attempts.
    tasks: Vec<TaskNumber>,
}

impl LoopIndex {
    /// The latest attempt of a step in an iteration.
    #[must_use]
    pub fn get(
        &self,
        tasks: &Tasks,
        (scope, iteration, step): (TaskNumber, u32, StepId),
    ) -> Option<TaskNumber> {
        let found = self.iteration(scope, iteration);
        let at = found.binary_search_by_key(&step, |number| step_of(tasks, *number)).ok()?;
        found.get(at).copied()
    }

    /// The latest attempts of all steps in an iteration, by step.
    #[must_use]
    pub fn iteration(&self, scope: TaskNumber, iteration: u32) -> &[TaskNumber] {
        let of = self.scopes.get(&scope);
        of.and_then(|scope| scope.tasks.get(scope.range(iteration)?)).unwrap_or(&[])
    }

    /// Notes a task that was just made, which is in the list of tasks already or will be next.
    pub(super) fn insert(&mut self, tasks: &Tasks, task: &Task) {
        self.scopes.entry(task.scope).or_default().insert(tasks, task);
    }

    /// The first iteration of a loop that is kept.
    #[must_use]
    pub fn first(&self, scope: TaskNumber) -> u32 {
        self.scopes.get(&scope).map_or(1, |scope| scope.dropped + 1)
    }

    /// Forgets tasks that are gone from these loops, given in the order of their numbers.
    pub(super) fn forget(&mut self, scopes: &BTreeSet<TaskNumber>, gone: &[TaskNumber]) {
        for scope in scopes {
            if let Some(iterations) = self.scopes.get_mut(scope) {
                iterations.forget(gone);
                if iterations.tasks.is_empty() {
                    self.scopes.remove(scope);
                }
            }
        }
    }

    /// How many places it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scopes.values().map(|scope| scope.tasks.len()).sum()
    }

    /// Whether the run has been in no loop.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }
}

fn step_of(tasks: &Tasks, number: TaskNumber) -> StepId {
    let task = tasks.numbered(number);
    task.map_or(StepId(u32::MAX), |task| task.step)
}

impl Iterations {
    /// Costs a look at every place of the loop.
    fn forget(&mut self, gone: &[TaskNumber]) {
        let mut kept = Self { dropped: self.dropped, ..Self::default() };
        let last = self.begins.len();
        for at in 0..last {
            let iteration = self.dropped + u32::try_from(at).unwrap_or(u32::MAX) + 1;
            let range = self.range(iteration).unwrap_or_default();
            let tasks = self.tasks.get(range).unwrap_or(&[]);
            let left = tasks.iter().filter(|number| gone.binary_search(number).is_err());
            let begin = u32::try_from(kept.tasks.len()).unwrap_or(u32::MAX);
            kept.tasks.extend(left);
            if kept.tasks.is_empty() {
                kept.dropped = iteration;
            } else {
                kept.begins.push(begin);
            }
        }
        // What follows the last that is left begins where it ends.
        while kept.begins.last().is_some_and(|begin| *begin as usize == kept.tasks.len()) {
            kept.begins.pop();
        }
        *self = kept;
    }

    fn range(&self, iteration: u32) -> Option<std::ops::Range<usize>> {
        let at = usize::try_from(iteration.checked_sub(self.dropped)?.checked_sub(1)?).ok()?;
        let begin = *self.begins.get(at)? as usize;
        let end = self.begins.get(at + 1).map_or(self.tasks.len(), |next| *next as usize);
        Some(begin..end)
    }

    fn insert(&mut self, tasks: &Tasks, task: &Task) {
        if self.begins.is_empty() {
            self.dropped = task.iteration.saturating_sub(1);
        }
        let iteration = task.iteration.max(1).saturating_sub(self.dropped) as usize;
        while self.begins.len() < iteration {
            let begin = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
            grow(&mut self.begins);
            self.begins.push(begin);
        }
        let Some(range) = self.range(task.iteration.max(1)) else { return };
        let begin = range.start;
        let found = self.tasks.get(range).unwrap_or(&[]);
        match found.binary_search_by_key(&task.step, |number| step_of(tasks, *number)) {
            Ok(at) => {
                if let Some(latest) = self.tasks.get_mut(begin + at) {
                    *latest = task.number;
                }
            }
            Err(at) => {
                grow(&mut self.tasks);
                self.tasks.insert(begin + at, task.number);
                // Nearly always the last iteration: then nothing comes after it.
                for later in self.begins.iter_mut().skip(iteration) {
                    *later += 1;
                }
            }
        }
    }
}

/// Room for one more: an eighth at a time, since a long loop's index is a good part of its run.
fn grow<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 8).max(4));
    }
}
