//! From text to steps.

use super::super::limits::{FILTER_DEPTH_MAX, PATH_STEPS_MAX};
use super::cursor::Cursor;
use super::function::Function;
use super::parse_filter;
use super::step::{Anchor, Argument, Path, PathError, Step, is_definite};

/// Where the path stands, which decides where a name ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole text is the path.
    Whole,
    /// Inside a filter at this depth: spaces, brackets and operators end it.
    Filter(usize),
}

impl Place {
    /// The depth of a filter that starts here.
    fn deeper(self) -> Result<usize, PathError> {
        match self {
            Self::Whole => Ok(1),
            Self::Filter(depth) if depth < FILTER_DEPTH_MAX => Ok(depth + 1),
            Self::Filter(_) => Err(PathError::Invalid),
        }
    }

    fn ends(self, next: char) -> bool {
        let operator = matches!(next, ')' | '=' | '<' | '>' | '!' | '~' | '&' | '|' | ',');
        next.is_whitespace() || (self != Self::Whole && operator)
    }
}

impl Path {
    /// Compiles a path. The leading `$.` may be left out; space behind it is ignored.
    ///
    /// # Errors
    /// The text is not in the dialect, or has more than
    /// [`PATH_STEPS_MAX`](super::super::PATH_STEPS_MAX) steps.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::parse_at(text, Place::Whole)
    }

    fn parse_at(text: &str, place: Place) -> Result<Self, PathError> {
        let anchored = match text.trim() {
            trimmed if trimmed.starts_with(['$', '@']) => trimmed.to_owned(),
            _ => format!("$.{}", text.trim_end()),
        };
        let mut cursor = Cursor::new(&anchored);
        let mut path = path(&mut cursor, place)?;
        if place == Place::Whole {
            text.clone_into(&mut path.text);
            path.anchor = Anchor::Root;
        }
        if cursor.peek().is_some() { Err(PathError::Invalid) } else { Ok(path) }
    }
}

/// Reads a path that starts with its anchor.
pub(super) fn path(cursor: &mut Cursor<'_>, place: Place) -> Result<Path, PathError> {
    let start = cursor.position();
    let anchor = match cursor.bump() {
        Some('$') => Anchor::Root,
        Some('@') => Anchor::Current,
        _ => return Err(PathError::Invalid),
    };
    let mut steps = Vec::new();
    loop {
        match cursor.peek() {
            Some('.') => dotted(cursor, place, &mut steps)?,
            Some('[') => {
                let several = steps.iter().any(|step| matches!(step, Step::Names(_)));
                let step = bracket(cursor, place, is_definite(&steps) && !several)?;
                steps.push(step);
            }
            None => break,
            Some(next) if place != Place::Whole && place.ends(next) => break,
            Some(_) => return Err(PathError::Invalid),
        }
        if steps.len() > PATH_STEPS_MAX {
            return Err(PathError::TooManySteps);
        }
    }
    Ok(Path::new(cursor.since(start).to_owned(), anchor, steps))
}

/// `.name`, `.*`, `.call()`, `..` and what stands behind it.
fn dotted(cursor: &mut Cursor<'_>, place: Place, steps: &mut Vec<Step>) -> Result<(), PathError> {
    cursor.expect(".")?;
    if cursor.take(".") {
        steps.push(Step::Descend);
    }
    match cursor.peek() {
        None | Some('.') => Err(PathError::Invalid),
        Some('[') => Ok(()),
        Some('*') => {
            cursor.bump();
            steps.push(Step::Wildcard);
            Ok(())
        }
        Some(_) => {
            let step = name_or_call(cursor, place)?;
            steps.push(step);
            Ok(())
        }
    }
}

fn name_or_call(cursor: &mut Cursor<'_>, place: Place) -> Result<Step, PathError> {
    let name = cursor.take_while(|next| !matches!(next, '.' | '[' | '(') && !place.ends(next));
    if name.is_empty() {
        return Err(PathError::Invalid);
    }
    if cursor.peek() != Some('(') {
        return Ok(Step::Name(name.to_owned()));
    }
    let function = Function::named(name).ok_or(PathError::Invalid)?;
    let inside = cursor.balanced()?;
    let inside = inside.get(1..inside.len() - 1).ok_or(PathError::Invalid)?;
    Ok(Step::Call(function, arguments(inside, place.deeper()?)?))
}

/// Arguments are JSON values or paths; what is neither does not count, as in the dialect.
fn arguments(text: &str, depth: usize) -> Result<Vec<Argument>, PathError> {
    let mut found = Vec::new();
    for part in split_arguments(text) {
        if part.starts_with(['$', '@']) {
            found.push(Argument::Path(Path::parse_at(part, Place::Filter(depth))?));
        } else if let Ok(value) = serde_json::from_str(part) {
            found.push(Argument::Value(value));
        }
    }
    Ok(found)
}

fn split_arguments(text: &str) -> Vec<&str> {
    let mut cursor = Cursor::new(text);
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(next) = cursor.peek() {
        let gone_over = match next {
            '\'' | '"' => cursor.quoted().is_ok(),
            '(' | '[' | '{' => cursor.balanced().is_ok(),
            ',' => {
                parts.push(cursor.since(start));
                cursor.bump();
                start = cursor.position();
                true
            }
            _ => cursor.bump().is_some(),
        };
        if !gone_over {
            break;
        }
    }
    parts.push(cursor.since(start));
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Everything in square brackets.
fn bracket(cursor: &mut Cursor<'_>, place: Place, after_definite: bool) -> Result<Step, PathError> {
    cursor.expect("[")?;
    cursor.skip_space();
    let step = match cursor.peek() {
        Some('\'' | '"') => names(cursor)?,
        Some('*') => {
            cursor.bump();
            Step::Wildcard
        }
        Some('?') => {
            cursor.bump();
            cursor.skip_space();
            cursor.expect("(")?;
            let filter = parse_filter::either(cursor, place.deeper()?)?;
            cursor.expect(")")?;
            Step::Filter { filter, after_definite }
        }
        _ => numbers(cursor.take_while(|next| next != ']'))?,
    };
    cursor.skip_space();
    cursor.expect("]")?;
    Ok(step)
}

fn names(cursor: &mut Cursor<'_>) -> Result<Step, PathError> {
    let first = cursor.quoted()?;
    let mut more = Vec::new();
    loop {
        cursor.skip_space();
        if !cursor.take(",") {
            break;
        }
        cursor.skip_space();
        if !matches!(cursor.peek(), Some('\'' | '"')) {
            return Err(PathError::Invalid);
        }
        more.push(cursor.quoted()?);
    }
    if more.is_empty() {
        return Ok(Step::Name(first));
    }
    more.insert(0, first);
    Ok(Step::Names(more))
}

/// `0`, `-1`, `0,1`, `1:3`, `1:`, `:3`.
fn numbers(text: &str) -> Result<Step, PathError> {
    let number = |text: &str| text.parse::<i32>().map(i64::from).map_err(|_| PathError::Invalid);
    if text.contains(':') {
        let end = |text: &str| if text.is_empty() { Ok(None) } else { number(text).map(Some) };
        let mut parts = text.trim().split(':');
        let from = end(parts.next().unwrap_or(""))?;
        let to = end(parts.next().unwrap_or(""))?;
        if from.is_none() && to.is_none() {
            return Err(PathError::Invalid);
        }
        return Ok(Step::Slice { from, to });
    }
    let indexes: Result<Vec<i64>, _> = text.split(',').map(|part| number(part.trim())).collect();
    match indexes?.as_slice() {
        [index] => Ok(Step::Index(*index)),
        indexes => Ok(Step::Indexes(indexes.to_vec())),
    }
}
