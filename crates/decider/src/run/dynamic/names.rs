//! References of a plan's branches, a few bytes each.

use std::borrow::Cow;

use crate::planned::Names;

/// References by index, and indexes by reference.
#[derive(Debug)]
pub enum Compact {
    /// A prefix and the index.
    Numbered {
        /// What stands before the index.
        prefix: String,
        /// How many there are.
        count: u32,
    },
    /// One text after the other.
    Listed {
        /// All references.
        text: String,
        /// Where each ends in `text`.
        ends: Vec<u32>,
        /// Indexes in the order of their references.
        sorted: Vec<u32>,
    },
}

impl Compact {
    /// Of so many branches.
    #[must_use]
    pub fn of(names: &Names, count: u32) -> Self {
        match names {
            Names::Numbered { prefix } => Self::Numbered { prefix: prefix.clone(), count },
            Names::Listed(list) => {
                let mut text = String::with_capacity(list.iter().map(String::len).sum());
                let mut ends = Vec::with_capacity(list.len());
                for name in list {
                    text.push_str(name);
                    ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                }
                let mut sorted: Vec<u32> = (0..count).collect();
                let name = |at: &u32| list.get(*at as usize);
                sorted.sort_by(|one, other| name(one).cmp(&name(other)));
                Self::Listed { text, ends, sorted }
            }
        }
    }

    /// The reference at that index; empty behind the end.
    #[must_use]
    pub fn get(&self, index: u32) -> Cow<'_, str> {
        match self {
            Self::Numbered { prefix, .. } => Cow::Owned(format!("{prefix}{index}")),
            Self::Listed { text, ends, .. } => {
                let end = |at: u32| ends.get(at as usize).map_or(0, |end| *end as usize);
                let start = index.checked_sub(1).map_or(0, end);
                Cow::Borrowed(text.get(start..end(index)).unwrap_or(""))
            }
        }
    }

    /// The index of a reference.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<u32> {
        match self {
            Self::Numbered { prefix, count } => {
                let digits = reference.strip_prefix(prefix.as_str())?;
                let index: u32 = digits.parse().ok()?;
                // `_x_07` and `_x_+7` are no names of the seventh.
                (index < *count && index.to_string() == digits).then_some(index)
            }
            Self::Listed { sorted, .. } => {
                let at =
                    sorted.binary_search_by(|at| self.get(*at).as_ref().cmp(reference)).ok()?;
                sorted.get(at).copied()
            }
        }
    }

    /// The first reference that is there twice.
    #[must_use]
    pub fn duplicate(&self) -> Option<Cow<'_, str>> {
        let Self::Listed { sorted, .. } = self else { return None };
        let mut before = None;
        for index in sorted {
            let name = self.get(*index);
            if before.as_ref() == Some(&name) {
                return Some(name);
            }
            before = Some(name);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_references_are_found_by_their_number_only() {
        let names = Compact::of(&Names::Numbered { prefix: "_a_".to_owned() }, 12);
        assert_eq!(names.get(7), "_a_7");
        assert_eq!(names.find("_a_11"), Some(11));
        for unknown in ["_a_12", "_a_07", "_a_+7", "_a_", "a_1", ""] {
            assert_eq!(names.find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn listed_references_are_found_and_doubles_noticed() {
        let list = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let count = u32::try_from(names.len()).expect("few");
            Compact::of(&Names::Listed(names), count)
        };
        let names = list(&["z", "", "bb", "a"]);
        assert_eq!(
            (names.find("z"), names.find("bb"), names.find("")),
            (Some(0), Some(2), Some(1))
        );
        assert_eq!(
            (names.find("b"), names.get(3).as_ref(), names.get(9).as_ref()),
            (None, "a", "")
        );
        assert_eq!(names.duplicate(), None);
        assert_eq!(list(&["b", "a", "b"]).duplicate().as_deref(), Some("b"));
    }
}
