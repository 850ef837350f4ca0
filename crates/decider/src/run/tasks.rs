//! The tasks of a run in memory: by number, with gaps where a loop has dropped iterations.

use std::ops::{Index, Range};
use std::sync::Arc;

use fermata_types::TaskNumber;

use crate::run::paged::{self, PAGE_ITEMS, Paged};
use crate::run::task::Task;

/// A place for each task ever made; what a loop has dropped leaves its place empty.
type Slots = Paged<Option<Task>>;

/// Tasks in the order of their numbers, in pages that copies share. Reads as a list of those that
/// are still there; a page without any costs a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    slots: Slots,
    left: usize,
}

fn place(number: TaskNumber) -> Option<usize> {
    usize::try_from(number.0).ok()?.checked_sub(1)
}

impl Tasks {
    /// How many were ever made, dropped ones included. The next one gets the number after it.
    #[must_use]
    pub fn made(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// How many are there.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.left
    }

    /// Whether none is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The task of that number; none when there is none, or none any more.
    #[must_use]
    pub fn numbered(&self, number: TaskNumber) -> Option<&Task> {
        self.slots.get(place(number)?)?.as_ref()
    }

    /// The task of that number, to change it.
    pub fn numbered_mut(&mut self, number: TaskNumber) -> Option<&mut Task> {
        self.slots.get_mut(place(number)?)?.as_mut()
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&Task> {
        self.iter().next()
    }

    /// The last of them.
    #[must_use]
    pub fn last(&self) -> Option<&Task> {
        self.iter().next_back()
    }

    /// All of them in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.slots.iter())
    }

    /// Adds the task of the next number.
    pub(crate) fn push(&mut self, task: Task) {
        self.slots.push(Some(task));
        self.left += 1;
    }

    /// Those whose numbers are in the range.
    pub(crate) fn within(&self, numbers: Range<TaskNumber>) -> impl Iterator<Item = &Task> {
        (numbers.start.0..numbers.end.0).filter_map(|number| self.numbered(TaskNumber(number)))
    }

    /// Takes tasks out, given in the order of their numbers. The cost is that of the pages they
    /// are in.
    pub(crate) fn drop_all(&mut self, gone: &[TaskNumber]) {
        let mut pages = gone.iter().filter_map(|number| Some(place(*number)? / PAGE_ITEMS));
        let mut touched: Vec<usize> = Vec::new();
        touched.extend(&mut pages);
        touched.dedup();
        for number in gone {
            let slot = place(*number).and_then(|at| self.slots.get_mut(at));
            self.left -= usize::from(slot.and_then(Option::take).is_some());
        }
        for page in touched {
            self.slots.hollow_out(page, |slot| slot.is_none());
        }
    }

    /// Takes the latest task out if it is of that kind, as if it had never been made: for a
    /// deliberate bug of the simulation, and for nothing else.
    pub fn forget_latest_if(&mut self, is_wanted: impl FnOnce(&Task) -> bool) {
        if self.slots.last().is_some_and(|slot| slot.as_ref().is_some_and(is_wanted)) {
            self.slots.pop();
            self.left -= 1;
        }
    }

    /// The pages of all places in order: each full but the last.
    #[must_use]
    pub fn pages(&self) -> &[Arc<Vec<Option<Task>>>] {
        self.slots.pages()
    }

    /// Which pages have changed since this was last asked, by number.
    pub fn take_changes(&mut self) -> Vec<bool> {
        self.slots.take_changes()
    }

    /// The tasks of these pages; none when one that is not the last is not full, or the last is
    /// empty or too large.
    #[must_use]
    pub fn from_pages(pages: Vec<Vec<Option<Task>>>) -> Option<Self> {
        let left = pages.iter().flatten().flatten().count();
        let mut slots = Paged::from_pages(pages)?;
        for page in 0..slots.pages().len() {
            slots.hollow_out(page, |slot: &Option<Task>| slot.is_none());
        }
        Some(Self { slots, left })
    }
}

/// The tasks that are there, in order.
pub struct Iter<'a>(paged::Iter<'a, Option<Task>>);

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Task;

    fn next(&mut self) -> Option<&'a Task> {
        self.0.by_ref().flatten().next()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.by_ref().rev().flatten().next()
    }
}

impl Index<usize> for Tasks {
    type Output = Task;

    /// The task that was made in that place, from 0.
    ///
    /// # Panics
    /// There is none, or none any more.
    fn index(&self, at: usize) -> &Task {
        let slot = self.slots.get(at).and_then(Option::as_ref);
        slot.expect("the caller knows that this task is there")
    }
}

impl<'a> IntoIterator for &'a Tasks {
    type Item = &'a Task;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
