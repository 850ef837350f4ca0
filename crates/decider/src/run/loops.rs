//! Tasks inside loops by place: which is the latest attempt of a step in an iteration. Eight bytes
//! for an iteration of one task.

use std::collections::BTreeMap;

use fermata_types::TaskNumber;

use crate::definition::StepId;
use crate::run::paged::Paged;
use crate::run::task::Task;

/// The loops of a run by their task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoopIndex {
    scopes: BTreeMap<TaskNumber, Iterations>,
}

/// The tasks of one loop, iteration after iteration, in each by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Iterations {
    /// Where each iteration begins in `tasks`, the first being iteration 1.
    begins: Vec<u32>,
    /// The latest attempts.
    tasks: Vec<TaskNumber>,
}

impl LoopIndex {
    /// The latest attempt of a step in an iteration.
    #[must_use]
    pub fn get(
        &self,
        tasks: &Paged<Task>,
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
    pub(super) fn insert(&mut self, tasks: &Paged<Task>, task: &Task) {
        self.scopes.entry(task.scope).or_default().insert(tasks, task);
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

fn step_of(tasks: &Paged<Task>, number: TaskNumber) -> StepId {
    let task = tasks.get((number.0 as usize).wrapping_sub(1));
    task.map_or(StepId(u32::MAX), |task| task.step)
}

impl Iterations {
    fn range(&self, iteration: u32) -> Option<std::ops::Range<usize>> {
        let at = usize::try_from(iteration.checked_sub(1)?).ok()?;
        let begin = *self.begins.get(at)? as usize;
        let end = self.begins.get(at + 1).map_or(self.tasks.len(), |next| *next as usize);
        Some(begin..end)
    }

    fn insert(&mut self, tasks: &Paged<Task>, task: &Task) {
        let iteration = task.iteration.max(1) as usize;
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
