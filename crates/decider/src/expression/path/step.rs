//! The compiled form of a path.

use super::filter::Filter;
use super::function::Function;

/// A compiled path. The text it came from is kept for messages.
#[derive(Debug, Clone)]
pub struct Path {
    pub(super) text: String,
    pub(super) anchor: Anchor,
    steps: Vec<Step>,
}

/// Why a text is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Not in the dialect.
    #[error("not a valid path")]
    Invalid,
    /// Over [`super::super::PATH_STEPS_MAX`].
    #[error("the path has too many steps")]
    TooManySteps,
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `$`: the document.
    Root,
    /// `@`: the value a filter is asked about.
    Current,
}

/// One step from a value to some of the values in it.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// `.name` or `['name']`.
    Name(String),
    /// `['a','b']`: at the end a map of those keys, elsewhere each in turn.
    Names(Vec<String>),
    /// `[0]`; from the end when negative.
    Index(i64),
    /// `[0,1]`.
    Indexes(Vec<i64>),
    /// `[1:3]`, `[1:]`, `[:3]`; a third number is ignored.
    Slice { from: Option<i64>, to: Option<i64> },
    /// `.*` or `[*]`.
    Wildcard,
    /// `..`: this value and all below, in document order.
    Descend,
    /// `[?(…)]`; on a value that is neither map nor list it makes a path invalid that was
    /// definite up to here.
    Filter { filter: Filter, after_definite: bool },
    /// `.length()` and the like: ends the path.
    Call(Function, Vec<Argument>),
}

/// Argument of a function.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Value(serde_json::Value),
    Path(Path),
}

impl Path {
    pub(super) const fn new(text: String, anchor: Anchor, steps: Vec<Step>) -> Self {
        Self { text, anchor, steps }
    }

    /// The text this was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The step's name if the step with this index is a plain name.
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&str> {
        match self.steps.get(index) {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether it can select one value at most. Such a path reads as null when it selects none;
    /// any other reads as a list.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        is_definite(&self.steps)
    }

    pub(super) const fn anchor(&self) -> Anchor {
        self.anchor
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Calls `visit` with this path, if it starts from the document, and with all such paths
    /// inside its filters and arguments.
    pub(in super::super) fn each_absolute(&self, visit: &mut dyn FnMut(&Self)) {
        if self.anchor == Anchor::Root {
            visit(self);
        }
        for step in &self.steps {
            match step {
                Step::Filter { filter, .. } => {
                    filter.each_path(&mut |path| path.each_absolute(visit));
                }
                Step::Call(_, arguments) => {
                    for argument in arguments {
                        if let Argument::Path(path) = argument {
                            path.each_absolute(visit);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// See [`Path::is_definite`].
pub(super) fn is_definite(steps: &[Step]) -> bool {
    steps.iter().enumerate().all(|(index, step)| match step {
        Step::Name(_) | Step::Index(_) | Step::Call(..) => true,
        Step::Names(_) => index + 1 == steps.len(),
        _ => false,
    })
}
