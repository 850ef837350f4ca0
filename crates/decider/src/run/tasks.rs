//! The tasks of a run in memory: by number, with gaps where a loop has dropped iterations.

use std::ops::{Deref, Range};

use fermata_types::TaskNumber;

use crate::run::task::Task;

/// Tasks in the order of their numbers. Reads as a slice of those that are still there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    list: Vec<Task>,
    /// Tasks ever made: the number of the latest.
    made: u32,
}

impl Tasks {
    /// How many were ever made, dropped ones included. The next one gets the number after it.
    #[must_use]
    pub const fn made(&self) -> u32 {
        self.made
    }

    /// Where the task of that number is, or would be.
    fn place(&self, number: TaskNumber) -> Result<usize, usize> {
        let first = usize::try_from(number.0).unwrap_or(usize::MAX).checked_sub(1);
        // Without gaps before it a task stands at its own number.
        match first.filter(|at| self.list.get(*at).is_some_and(|task| task.number == number)) {
            Some(at) => Ok(at),
            None => self.list.binary_search_by_key(&number, |task| task.number),
        }
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

    /// Adds the task of the next number.
    pub(crate) fn push(&mut self, task: Task) {
        self.made = self.made.max(task.number.0);
        self.list.push(task);
    }

    /// Those whose numbers are in the range.
    pub(crate) fn within(&self, numbers: Range<TaskNumber>) -> &[Task] {
        let at = |number| self.place(number).unwrap_or_else(|at| at);
        self.list.get(at(numbers.start)..at(numbers.end)).unwrap_or_default()
    }

    /// Takes tasks out, given in the order of their numbers. Costs a move of what stands behind
    /// the first of them.
    pub(crate) fn drop_all(&mut self, gone: &[TaskNumber]) {
        let Some(first) = gone.first() else { return };
        let from = self.place(*first).unwrap_or_else(|at| at);
        let mut left = gone.iter().peekable();
        let mut keep = from;
        for at in from..self.list.len() {
            let number = self.list.get(at).map(|task| task.number);
            while left.next_if(|next| Some(**next) < number).is_some() {}
            if left.next_if(|next| Some(**next) == number).is_none() {
                self.list.swap(keep, at);
                keep += 1;
            }
        }
        self.list.truncate(keep);
    }

    /// Takes the latest task out if it is of that kind, as if it had never been made: for a
    /// deliberate bug of the simulation, and for nothing else.
    pub fn forget_latest_if(&mut self, is_wanted: impl FnOnce(&Task) -> bool) {
        if self.list.pop_if(|task| is_wanted(task)).is_some() {
            self.made = self.list.last().map_or(0, |task| task.number.0);
        }
    }
}

impl Deref for Tasks {
    type Target = [Task];

    fn deref(&self) -> &[Task] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a mut Tasks {
    type Item = &'a mut Task;
    type IntoIter = std::slice::IterMut<'a, Task>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter_mut()
    }
}

impl<'a> IntoIterator for &'a Tasks {
    type Item = &'a Task;
    type IntoIter = std::slice::Iter<'a, Task>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
