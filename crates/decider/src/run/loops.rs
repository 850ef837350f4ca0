//! Tasks inside loops by place: which is the latest attempt of a step in an iteration. Eight bytes
//! for an iteration of one task.

use std::collections::BTreeMap;

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
    /// Iterations before the first one kept.
    dropped: u32,
    /// Where each iteration begins in `tasks`, the first being the one after those.
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

    /// The first iteration of a loop that is still known; none when there is none.
    #[must_use]
    pub fn first_iteration(&self, scope: TaskNumber) -> Option<u32> {
        self.scopes.get(&scope).map(|scope| scope.dropped.saturating_add(1))
    }

    /// Forgets tasks that are about to be dropped, given by number.
    pub(super) fn forget(&mut self, tasks: &Tasks, gone: &[TaskNumber]) {
        for number in gone {
            let Some(task) = tasks.numbered(*number) else { continue };
            if let Some(scope) = self.scopes.get_mut(&task.scope) {
                scope.remove(tasks, task);
                if scope.tasks.is_empty() {
                    self.scopes.remove(&task.scope);
                }
            }
        }
        self.trim();
    }

    /// Gives back what the first iterations took, once nothing of them is left.
    pub(super) fn trim(&mut self) {
        self.scopes.values_mut().for_each(Iterations::trim);
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
    tasks.numbered(number).map_or(StepId(u32::MAX), |task| task.step)
}

impl Iterations {
    fn range(&self, iteration: u32) -> Option<std::ops::Range<usize>> {
        let at = usize::try_from(iteration.checked_sub(1)?.checked_sub(self.dropped)?).ok()?;
        let begin = *self.begins.get(at)? as usize;
        let end = self.begins.get(at + 1).map_or(self.tasks.len(), |next| *next as usize);
        Some(begin..end)
    }

    fn remove(&mut self, tasks: &Tasks, task: &Task) {
        let iteration = task.iteration.max(1);
        let Some(range) = self.range(iteration) else { return };
        let found = self.tasks.get(range.clone()).unwrap_or(&[]);
        let at = found.binary_search_by_key(&task.step, |number| step_of(tasks, *number));
        let Some(at) = at.ok().filter(|at| found.get(*at) == Some(&task.number)) else { return };
        self.tasks.remove(range.start + at);
        let later = iteration.saturating_sub(self.dropped) as usize;
        for begin in self.begins.iter_mut().skip(later) {
            *begin -= 1;
        }
    }

    fn trim(&mut self) {
        let empty = self.begins.iter().skip(1).take_while(|next| **next == 0).count();
        if empty > 0 {
            self.begins.drain(..empty);
            self.dropped = self.dropped.saturating_add(u32::try_from(empty).unwrap_or(u32::MAX));
        }
    }

    fn insert(&mut self, tasks: &Tasks, task: &Task) {
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
