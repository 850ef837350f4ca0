//! A list in pages that copies share: a copy costs one pointer a page, and a change after it copies
//! only the page it falls into. So a run of any size can be read, and written down, while it goes
//! on.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;

/// Items of a page: a power of two, so that a page grows to exactly its size.
pub const PAGE_ITEMS: usize = 512;

/// A list that grows at its end.
#[derive(Clone)]
pub struct Paged<T> {
    /// All but the last are full; none is empty.
    pages: Vec<Arc<Vec<T>>>,
    /// Which pages have changed since [`Paged::take_changes`], by number.
    changed: Vec<bool>,
    len: usize,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), changed: Vec::new(), len: 0 }
    }
}

impl<T> Paged<T> {
    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at that place, from 0.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE_ITEMS)?.get(at % PAGE_ITEMS)
    }

    /// The first item.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// The last item.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.pages.last()?.last()
    }

    /// All items in order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.pages.iter().flat_map(page_items))
    }

    /// The pages in order: each full but the last.
    #[must_use]
    pub fn pages(&self) -> &[Arc<Vec<T>>] {
        &self.pages
    }

    /// Which pages, by number, have changed since this was asked last; all that were ever added
    /// count as changed at first, those of [`Paged::from_pages`] do not.
    pub fn take_changes(&mut self) -> Vec<bool> {
        let none = vec![false; self.changed.len()];
        std::mem::replace(&mut self.changed, none)
    }

    fn note(&mut self, page: usize) {
        if let Some(changed) = self.changed.get_mut(page) {
            *changed = true;
        }
    }

    /// A list of these pages.
    ///
    /// None when one that is not the last is not full, or the last is empty or too large.
    #[must_use]
    pub fn from_pages(pages: Vec<Vec<T>>) -> Option<Self> {
        let Some((last, full)) = pages.split_last() else { return Some(Self::default()) };
        let is_whole = full.iter().all(|page| page.len() == PAGE_ITEMS)
            && (1..=PAGE_ITEMS).contains(&last.len());
        let len = full.len() * PAGE_ITEMS + last.len();
        let changed = vec![false; pages.len()];
        is_whole.then(|| Self { pages: pages.into_iter().map(Arc::new).collect(), changed, len })
    }
}

impl<T: Clone> Paged<T> {
    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        match self.pages.last_mut() {
            Some(page) if page.len() < PAGE_ITEMS => match Arc::get_mut(page) {
                Some(page) => page.push(item),
                None => {
                    // With room to grow to exactly a page, as one that was never shared has.
                    let room = (page.len() + 1).next_power_of_two().min(PAGE_ITEMS);
                    let mut copy = Vec::with_capacity(room);
                    copy.extend_from_slice(page);
                    copy.push(item);
                    *page = Arc::new(copy);
                }
            },
            _ => {
                self.pages.push(Arc::new(vec![item]));
                self.changed.push(true);
            }
        }
        self.note(self.len / PAGE_ITEMS);
        self.len += 1;
    }

    /// The item at that place, to change it. Copies its page if another list shares it.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let page = self.pages.get_mut(at / PAGE_ITEMS)?;
        if at % PAGE_ITEMS >= page.len() {
            return None;
        }
        if let Some(changed) = self.changed.get_mut(at / PAGE_ITEMS) {
            *changed = true;
        }
        Arc::make_mut(page).get_mut(at % PAGE_ITEMS)
    }

    /// Takes the last item off.
    pub fn pop(&mut self) -> Option<T> {
        let page = Arc::make_mut(self.pages.last_mut()?);
        let item = page.pop();
        let is_empty = page.is_empty();
        self.len -= usize::from(item.is_some());
        self.note(self.len / PAGE_ITEMS);
        if is_empty {
            self.pages.pop();
            self.changed.pop();
        }
        item
    }
}

fn page_items<T>(page: &Arc<Vec<T>>) -> std::slice::Iter<'_, T> {
    page.iter()
}

type Flat<'a, T> = std::iter::FlatMap<
    std::slice::Iter<'a, Arc<Vec<T>>>,
    std::slice::Iter<'a, T>,
    fn(&'a Arc<Vec<T>>) -> std::slice::Iter<'a, T>,
>;

/// The items of a [`Paged`] in order.
pub struct Iter<'a, T>(Flat<'a, T>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<'a, T> IntoIterator for &'a Paged<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Index<usize> for Paged<T> {
    type Output = T;

    /// # Panics
    /// There is no item at that place.
    fn index(&self, at: usize) -> &T {
        self.get(at).expect("the caller knows that the list is that long")
    }
}

impl<T: Clone> FromIterator<T> for Paged<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list = Self::default();
        items.into_iter().for_each(|item| list.push(item));
        list
    }
}

impl<T: PartialEq> PartialEq for Paged<T> {
    fn eq(&self, other: &Self) -> bool {
        let is_same =
            |(one, other): (&Arc<Vec<T>>, &Arc<Vec<T>>)| Arc::ptr_eq(one, other) || one == other;
        self.len == other.len && self.pages.iter().zip(&other.pages).all(is_same)
    }
}

impl<T: Eq> Eq for Paged<T> {}

impl<T: fmt::Debug> fmt::Debug for Paged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_ITEMS, Paged};

    #[test]
    fn it_is_a_list() {
        let mut list = Paged::default();
        let mut plain = Vec::new();
        for item in 0..3 * PAGE_ITEMS + 7 {
            list.push(item);
            plain.push(item);
            assert_eq!((list.len(), list.last()), (plain.len(), plain.last()));
        }
        assert!(list.iter().eq(plain.iter()));
        assert!(list.iter().rev().eq(plain.iter().rev()));
        assert_eq!(list.get(plain.len()), None);
        while let Some(item) = plain.pop() {
            assert_eq!(list.pop(), Some(item));
            assert_eq!(list.len(), plain.len());
        }
        assert_eq!((list.pop(), list.is_empty(), list.pages().len()), (None, true, 0));
    }

    #[test]
    fn a_copy_keeps_what_it_saw_and_shares_what_did_not_change() {
        let mut list: Paged<usize> = (0..2 * PAGE_ITEMS + 3).collect();
        let copy = list.clone();
        *list.get_mut(1).expect("there is one") = 99;
        list.push(7);
        assert_eq!((copy.get(1), list.get(1)), (Some(&1), Some(&99)));
        assert_eq!((copy.len(), list.len()), (2 * PAGE_ITEMS + 3, 2 * PAGE_ITEMS + 4));
        let shares = |page: usize| std::ptr::eq(&copy.pages()[page][0], &list.pages()[page][0]);
        assert_eq!([shares(0), shares(1), shares(2)], [false, true, false]);
        assert_ne!(copy, list);
    }

    #[test]
    fn it_knows_which_pages_have_changed() {
        let mut list: Paged<usize> = (0..2 * PAGE_ITEMS).collect();
        assert_eq!(list.take_changes(), [true, true]);
        assert_eq!(list.take_changes(), [false, false]);
        *list.get_mut(PAGE_ITEMS).expect("there is one") = 0;
        assert_eq!(list.clone().take_changes(), [false, true]);
        list.push(1);
        assert_eq!(list.take_changes(), [false, true, true]);
        list.push(2);
        assert_eq!(list.take_changes(), [false, false, true]);
        list.pop();
        list.pop();
        assert_eq!(list.take_changes(), [false, false]);
    }

    #[test]
    fn only_whole_pages_make_a_list() {
        let full = || vec![0; PAGE_ITEMS];
        for (pages, len) in [
            (vec![], Some(0)),
            (vec![full(), vec![0]], Some(PAGE_ITEMS + 1)),
            (vec![full(), full()], Some(2 * PAGE_ITEMS)),
            (vec![vec![0], full()], None),
            (vec![full(), vec![]], None),
            (vec![vec![0; PAGE_ITEMS + 1]], None),
        ] {
            assert_eq!(Paged::from_pages(pages).map(|list| list.len()), len);
        }
    }
}
