//! What a rule is, and what it finds.

use std::fmt;

use super::Tree;

/// One rule: a name for people, and the check.
pub struct Rule {
    /// What the rule is called in the test that keeps the table sorted.
    pub name: &'static str,
    /// Everything in the tree that breaks it.
    pub check: fn(&Tree) -> Vec<Finding>,
}

/// One place that breaks a rule, printed as `path:line: what`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// The file, relative to the root.
    pub path: String,
    /// The line, counted from 1; 1 also when the whole file is meant.
    pub line: usize,
    /// What is wrong, and what to do instead.
    pub what: String,
}

impl Finding {
    /// A find at a line, counted from 0 as iterators do.
    pub fn at(path: &str, index: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: index + 1, what: what.into() }
    }

    /// A find that concerns the whole file.
    pub fn whole(path: &str, what: impl Into<String>) -> Self {
        Self::at(path, 0, what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.what)
    }
}
