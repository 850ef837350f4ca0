//! Conditions of `[?(…)]` on a value.

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use super::compare::{self, Truth};
use super::step::{Anchor, Path};
use super::walk::{Stop, Walker};

/// A condition.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    /// One of them holds.
    Any(Vec<Filter>),
    /// All of them hold.
    All(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The path leads to a value, null included.
    Exists(Path),
    /// Two values stand in a relation.
    Compare(Operand, Operator, Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Path(Path),
    Value(Value),
    Pattern(Regex),
}

/// The relation of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    SameAs,
    NotSameAs,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Matches,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    Contains,
    Size,
    Empty,
}

impl Filter {
    /// Calls `visit` with every path, those of inner conditions included.
    pub(super) fn each_path(&self, visit: &mut dyn FnMut(&Path)) {
        match self {
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().for_each(|part| part.each_path(visit));
            }
            Self::Not(inner) => inner.each_path(visit),
            Self::Exists(path) => visit(path),
            Self::Compare(left, _, right) => {
                for operand in [left, right] {
                    if let Operand::Path(path) = operand {
                        visit(path);
                    }
                }
            }
        }
    }

    /// Whether `value` meets the condition.
    pub(super) fn accepts(&self, walker: &mut Walker<'_>, value: &Value) -> Result<bool, Stop> {
        walker.visit()?;
        match self {
            Self::Any(parts) => {
                for part in parts {
                    if part.accepts(walker, value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::All(parts) => {
                for part in parts {
                    if !part.accepts(walker, value)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(inner) => Ok(!inner.accepts(walker, value)?),
            Self::Exists(path) => exists(walker, path, value),
            Self::Compare(left, operator, right) => {
                let left = left.side(walker, value)?;
                let right = right.side(walker, value)?;
                let Truth { holds, looked_at } = compare::holds(&left, *operator, &right);
                walker.visit_many(looked_at)?;
                Ok(holds)
            }
        }
    }
}

fn exists(walker: &mut Walker<'_>, path: &Path, value: &Value) -> Result<bool, Stop> {
    match path.anchor() {
        Anchor::Current => {
            let mut found = Vec::new();
            walker.walk(path.steps(), value, &mut found)?;
            Ok(!found.is_empty())
        }
        Anchor::Root => Ok(!walker.absolute(path)?.is_null()),
    }
}

/// One side of a comparison, looked up.
#[derive(Debug)]
pub(super) enum Side<'v> {
    Value(Cow<'v, Value>),
    Pattern(&'v Regex),
}

impl Operand {
    fn side<'v>(&'v self, walker: &mut Walker<'_>, value: &'v Value) -> Result<Side<'v>, Stop> {
        Ok(match self {
            Self::Value(constant) => Side::Value(Cow::Borrowed(constant)),
            Self::Pattern(pattern) => Side::Pattern(pattern),
            Self::Path(path) => Side::Value(match path.anchor() {
                Anchor::Current => walker.collect(path.steps(), value)?,
                Anchor::Root => Cow::Owned(walker.absolute(path)?),
            }),
        })
    }
}
