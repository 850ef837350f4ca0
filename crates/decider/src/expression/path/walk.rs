//! Follows a path over values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::budget::Budget;
use super::super::limits::Limit;
use super::step::{Anchor, Path, Step};

/// Why a walk ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Stop {
    /// The path means nothing here: it reads as null.
    Invalid,
    /// A limit was met.
    Limit(Limit),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

/// Where an absolute path begins: a value, and how many of its steps led there already.
#[derive(Debug)]
pub(in super::super) struct Start<'a> {
    pub(in super::super) value: Cow<'a, Value>,
    pub(in super::super) steps_done: usize,
}

/// The document as the walk sees it.
pub(in super::super) trait Root {
    /// The beginning of an absolute path, or `None` if it leads nowhere.
    fn start(&self, path: &Path, budget: &mut Budget) -> Result<Option<Start<'_>>, Limit>;
}

/// The value an absolute path selects: one or null if it is definite, else a list.
pub(in super::super) fn evaluate(
    path: &Path,
    root: &dyn Root,
    budget: &mut Budget,
) -> Result<Value, Stop> {
    Walker { root, budget, absolutes: BTreeMap::new() }.evaluate(path)
}

/// A walk in progress.
pub(super) struct Walker<'r> {
    root: &'r dyn Root,
    budget: &'r mut Budget,
    /// Absolute paths inside filters, evaluated once a walk.
    absolutes: BTreeMap<String, Value>,
}

impl Walker<'_> {
    pub(super) fn visit(&mut self) -> Result<(), Stop> {
        Ok(self.budget.visit()?)
    }

    pub(super) fn visit_many(&mut self, count: usize) -> Result<(), Stop> {
        Ok(self.budget.visit_many(count)?)
    }

    fn evaluate(&mut self, path: &Path) -> Result<Value, Stop> {
        let root = self.root;
        let Some(start) = root.start(path, self.budget)? else {
            return Ok(if path.is_definite() { Value::Null } else { Value::Array(Vec::new()) });
        };
        let steps = path.steps().get(start.steps_done..).unwrap_or(&[]);
        // `$..x.length()` is about the list of all x, not about each x.
        if let [Step::Descend, inner @ .., Step::Call(function, arguments)] = path.steps() {
            let mut descent = vec![Step::Descend];
            descent.extend_from_slice(inner);
            let list = self.collect(&descent, &start.value)?.into_owned();
            return function.call(self, arguments, &list);
        }
        let found = if path.is_definite() {
            let mut found = Vec::new();
            self.walk(steps, &start.value, &mut found)?;
            found.pop().unwrap_or(Cow::Owned(Value::Null))
        } else {
            self.list(steps, &start.value)?
        };
        if let Cow::Borrowed(value) = &found {
            self.budget.produce_value(value)?;
        }
        Ok(found.into_owned())
    }

    /// The value of an absolute path inside a filter.
    pub(super) fn absolute(&mut self, path: &Path) -> Result<Value, Stop> {
        if let Some(known) = self.absolutes.get(path.text()) {
            return Ok(known.clone());
        }
        let value = self.evaluate(path)?;
        self.absolutes.insert(path.text().to_owned(), value.clone());
        Ok(value)
    }

    /// The value of a function's argument.
    pub(super) fn argument(&mut self, path: &Path, current: &Value) -> Result<Value, Stop> {
        match path.anchor() {
            Anchor::Root => self.absolute(path),
            Anchor::Current => Ok(self.collect(path.steps(), current)?.into_owned()),
        }
    }

    /// What relative steps select: one value or null if they are definite, else a list.
    pub(super) fn collect<'v>(
        &mut self,
        steps: &[Step],
        value: &'v Value,
    ) -> Result<Cow<'v, Value>, Stop> {
        if !super::step::is_definite(steps) {
            return self.list(steps, value);
        }
        let mut found = Vec::new();
        self.walk(steps, value, &mut found)?;
        Ok(found.pop().unwrap_or(Cow::Owned(Value::Null)))
    }

    fn list<'v>(&mut self, steps: &[Step], value: &'v Value) -> Result<Cow<'v, Value>, Stop> {
        let mut found = Vec::new();
        self.walk(steps, value, &mut found)?;
        for item in &found {
            self.budget.produce_value(item)?;
        }
        Ok(Cow::Owned(found.into_iter().map(Cow::into_owned).collect()))
    }

    /// Follows `steps` from `value` and adds what they select to `found`.
    pub(super) fn walk<'v>(
        &mut self,
        steps: &[Step],
        value: &'v Value,
        found: &mut Vec<Cow<'v, Value>>,
    ) -> Result<(), Stop> {
        self.visit()?;
        let Some((step, rest)) = steps.split_first() else {
            found.push(Cow::Borrowed(value));
            return Ok(());
        };
        match step {
            Step::Name(name) => self.walk_some(rest, value.get(name.as_str()), found),
            Step::Index(index) => self.walk_some(rest, at(value, *index), found),
            Step::Names(names) if rest.is_empty() => {
                if let Value::Object(map) = value {
                    let merged = self.pick(map, names)?;
                    found.push(Cow::Owned(merged));
                }
                Ok(())
            }
            Step::Names(names) => {
                names.iter().try_for_each(|name| self.walk_some(rest, value.get(name), found))
            }
            Step::Indexes(indexes) => {
                indexes.iter().try_for_each(|index| self.walk_some(rest, at(value, *index), found))
            }
            Step::Slice { from, to } => self.slice(rest, value, (*from, *to), found),
            Step::Wildcard => children(value).try_for_each(|child| self.walk(rest, child, found)),
            Step::Descend => self.descend(rest, value, found),
            Step::Filter { filter, after_definite } => match value {
                Value::Array(items) => items.iter().try_for_each(|item| {
                    if filter.accepts(self, item)? { self.walk(rest, item, found) } else { Ok(()) }
                }),
                Value::Object(_) if filter.accepts(self, value)? => self.walk(rest, value, found),
                Value::Object(_) => Ok(()),
                _ if *after_definite => Err(Stop::Invalid),
                _ => Ok(()),
            },
            Step::Call(function, arguments) => {
                let result = function.call(self, arguments, value)?;
                self.budget.produce_value(&result)?;
                found.push(Cow::Owned(result));
                Ok(())
            }
        }
    }

    fn walk_some<'v>(
        &mut self,
        steps: &[Step],
        value: Option<&'v Value>,
        found: &mut Vec<Cow<'v, Value>>,
    ) -> Result<(), Stop> {
        value.map_or(Ok(()), |value| self.walk(steps, value, found))
    }

    fn pick(&mut self, map: &Map<String, Value>, names: &[String]) -> Result<Value, Stop> {
        let mut merged = Map::new();
        for name in names {
            if let Some(value) = map.get(name) {
                self.budget.produce_value(value)?;
                merged.insert(name.clone(), value.clone());
            }
        }
        Ok(Value::Object(merged))
    }

    /// Negative ends count from the end, but a range from a negative to a positive number goes
    /// through both signs, as in the dialect.
    fn slice<'v>(
        &mut self,
        rest: &[Step],
        value: &'v Value,
        ends: (Option<i64>, Option<i64>),
        found: &mut Vec<Cow<'v, Value>>,
    ) -> Result<(), Stop> {
        let Value::Array(items) = value else { return Ok(()) };
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let (from, to) = match ends {
            (Some(from), None) => (if from < 0 { (length + from).max(0) } else { from }, length),
            (None, Some(to)) => (0, if to < 0 { length + to } else { to.min(length) }),
            (from, to) => (from.unwrap_or(0).max(-length), to.unwrap_or(length).min(length)),
        };
        (from..to).try_for_each(|index| self.walk_some(rest, at(value, index), found))
    }

    /// This value first, then all below it.
    fn descend<'v>(
        &mut self,
        steps: &[Step],
        value: &'v Value,
        found: &mut Vec<Cow<'v, Value>>,
    ) -> Result<(), Stop> {
        self.visit()?;
        let stops_here = match steps.first() {
            Some(Step::Name(name)) => value.get(name.as_str()).is_some(),
            Some(Step::Names(names)) if steps.len() == 1 => {
                names.iter().all(|name| value.get(name).is_some())
            }
            Some(Step::Names(_)) => value.is_object(),
            Some(Step::Index(_) | Step::Indexes(_) | Step::Slice { .. }) => value.is_array(),
            Some(Step::Wildcard) => true,
            Some(Step::Filter { filter, .. }) => filter.accepts(self, value)?,
            _ => false,
        };
        if stops_here {
            self.walk(steps, value, found)?;
        }
        children(value).try_for_each(|child| self.descend(steps, child, found))
    }
}

/// Elements of a list or values of a map.
fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(map) => Box::new(map.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn at(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    items.get(position(index, items.len())?)
}

/// A position in a list; negative indexes count from the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    let from_end = || i64::try_from(length).ok()?.checked_add(index);
    usize::try_from(if index < 0 { from_end()? } else { index }).ok()
}
