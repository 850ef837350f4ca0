//! The tasks of a run in memory: by number, with gaps where a loop has dropped iterations.

use std::ops::{Deref, Range};

use fermata_types::TaskNumber;

use crate::run::paged::{Iter, Paged};
use crate::run::task::Task;

/// Tasks in the order of their numbers. Reads as a list of those that are still there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    list: Paged<Task>,
}

impl Tasks {
    /// The number of the latest task, dropped ones included: the latest is never dropped.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.list.last().map_or(0, |task| task.number.0)
    }

    /// Where the task of that number is, or would be.
    fn place(&self, number: TaskNumber) -> Result<usize, usize> {
        let own = usize::try_from(number.0).unwrap_or(usize::MAX).checked_sub(1);
        // Without gaps before it a task stands at its own number.
        if let Some(at) = own
            && self.list.get(at).is_some_and(|task| task.number == number)
        {
            return Ok(at);
        }
        let (mut low, mut high) = (0, self.list.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.list.get(middle).map(|task| task.number.cmp(&number)) {
                Some(std::cmp::Ordering::Less) => low = middle + 1,
                Some(std::cmp::Ordering::Equal) => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }

    /// The task of that number; none when there is none, or none any more.
    #[must_use]
    pub fn numbered(&self, number: TaskNumber) -> Option<&Task> {
        self.place(number).ok().and_then(|at| self.list.get(at))
    }

    /// The task of that number, to change it.
    pub fn numbered_mut(&mut self, number: TaskNumber) -> Option<&mut Task> {
        self.place(number).ok().and_then(|at| self.list.get_mut(at))
    }

    /// The task at that place, from 0, to change it.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut Task> {
        self.list.get_mut(at)
    }

    /// Adds the task of the next number.
    pub(crate) fn push(&mut self, task: Task) {
        self.list.push(task);
    }

    /// Those whose numbers are in the range.
    pub(crate) fn within(&self, numbers: Range<TaskNumber>) -> impl Iterator<Item = &Task> {
        let at = |number| self.place(number).unwrap_or_else(|at| at);
        (at(numbers.start)..at(numbers.end)).filter_map(|at| self.list.get(at))
    }

    /// Takes tasks out, given in the order of their numbers. Costs a move of what stands behind
    /// the first of them.
    pub(crate) fn drop_all(&mut self, gone: &[TaskNumber]) {
        let Some(first) = gone.first() else { return };
        let from = self.place(*first).unwrap_or_else(|at| at);
        let mut kept = Vec::new();
        while self.list.len() > from {
            let Some(task) = self.list.pop() else { break };
            if gone.binary_search(&task.number).is_err() {
                kept.push(task);
            }
        }
        kept.into_iter().rev().for_each(|task| self.list.push(task));
    }

    /// Takes the latest task out if it is of that kind, as if it had never been made: for a
    /// deliberate bug of the simulation, and for nothing else.
    pub fn forget_latest_if(&mut self, is_wanted: impl FnOnce(&Task) -> bool) {
        if self.list.last().is_some_and(is_wanted) {
            let _ = self.list.pop();
        }
    }

    /// See [`Paged::take_changes`].
    pub fn take_changes(&mut self) -> Vec<bool> {
        self.list.take_changes()
    }

    /// A list of these pages; none when they are not whole or the numbers do not go up.
    #[must_use]
    pub fn from_pages(pages: Vec<Vec<Task>>) -> Option<Self> {
        let list = Paged::from_pages(pages)?;
        let is_ordered = list.iter().is_sorted_by(|a: &&Task, b| a.number < b.number);
        is_ordered.then_some(Self { list })
    }
}

impl Deref for Tasks {
    type Target = Paged<Task>;

    fn deref(&self) -> &Paged<Task> {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Tasks {
    type Item = &'a Task;
    type IntoIter = Iter<'a, Task>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl FromIterator<Task> for Tasks {
    /// The tasks have to come in the order of their numbers.
    fn from_iter<I: IntoIterator<Item = Task>>(tasks: I) -> Self {
        Self { list: tasks.into_iter().collect() }
    }
}
