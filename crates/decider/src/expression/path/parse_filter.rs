//! The conditions of `[?(…)]`, from text.

use regex::RegexBuilder;
use serde_json::Value;

use super::super::limits::{FILTER_DEPTH_MAX, PATTERN_BYTES_MAX};
use super::cursor::Cursor;
use super::filter::{Filter, Operand, Operator};
use super::parse::{self, Place};
use super::step::PathError;

/// `a || b`: the whole of a condition.
pub(super) fn either(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    if depth > FILTER_DEPTH_MAX {
        return Err(PathError::Invalid);
    }
    let mut parts = vec![both(cursor, depth)?];
    while cursor.take("||") {
        parts.push(both(cursor, depth)?);
    }
    Ok(Filter::Any(parts))
}

/// `a && b`.
fn both(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    let mut parts = vec![single(cursor, depth)?];
    cursor.skip_space();
    while cursor.take("&&") {
        parts.push(single(cursor, depth)?);
        cursor.skip_space();
    }
    Ok(Filter::All(parts))
}

/// `!a`, `(a)`, or a comparison.
fn single(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    cursor.skip_space();
    if cursor.take("!") {
        if depth >= FILTER_DEPTH_MAX {
            return Err(PathError::Invalid);
        }
        return Ok(Filter::Not(Box::new(single(cursor, depth + 1)?)));
    }
    if cursor.take("(") {
        let inner = either(cursor, depth + 1)?;
        cursor.expect(")")?;
        return Ok(inner);
    }
    let left = operand(cursor, depth)?;
    cursor.skip_space();
    match (operator(cursor), left) {
        (Some(operator), left) => {
            cursor.skip_space();
            Ok(Filter::Compare(left, operator, operand(cursor, depth)?))
        }
        (None, Operand::Path(path)) => Ok(Filter::Exists(path)),
        (None, _) => Err(PathError::Invalid),
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    const SIGNS: [(&str, Operator); 9] = [
        ("===", Operator::SameAs),
        ("!==", Operator::NotSameAs),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("=~", Operator::Matches),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    if let Some((_, operator)) = SIGNS.into_iter().find(|(sign, _)| cursor.take(sign)) {
        return Some(operator);
    }
    let operator = match cursor.take_while(|next| next.is_ascii_alphabetic()) {
        word if word.eq_ignore_ascii_case("in") => Operator::In,
        word if word.eq_ignore_ascii_case("nin") => Operator::NotIn,
        word if word.eq_ignore_ascii_case("subsetof") => Operator::SubsetOf,
        word if word.eq_ignore_ascii_case("anyof") => Operator::AnyOf,
        word if word.eq_ignore_ascii_case("noneof") => Operator::NoneOf,
        word if word.eq_ignore_ascii_case("contains") => Operator::Contains,
        word if word.eq_ignore_ascii_case("size") => Operator::Size,
        word if word.eq_ignore_ascii_case("empty") => Operator::Empty,
        _ => return None,
    };
    Some(operator)
}

fn operand(cursor: &mut Cursor<'_>, depth: usize) -> Result<Operand, PathError> {
    match cursor.peek().ok_or(PathError::Invalid)? {
        '@' | '$' => Ok(Operand::Path(parse::path(cursor, Place::Filter(depth))?)),
        '\'' | '"' => Ok(Operand::Value(Value::String(cursor.quoted()?))),
        '/' => pattern(cursor),
        '[' | '{' => {
            let text = with_double_quotes(cursor.balanced()?)?;
            serde_json::from_str(&text).map(Operand::Value).map_err(|_| PathError::Invalid)
        }
        _ => {
            let word = cursor
                .take_while(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '+' | '.'));
            serde_json::from_str(word).map(Operand::Value).map_err(|_| PathError::Invalid)
        }
    }
}

/// JSON with texts in single quotes, as people write lists in filters.
fn with_double_quotes(text: &str) -> Result<String, PathError> {
    let mut cursor = Cursor::new(text);
    let mut out = String::new();
    while let Some(next) = cursor.peek() {
        if matches!(next, '\'' | '"') {
            out.push_str(&Value::String(cursor.quoted()?).to_string());
        } else {
            out.extend(cursor.bump());
        }
    }
    Ok(out)
}

/// `/pattern/flags`; it has to match the whole text.
fn pattern(cursor: &mut Cursor<'_>) -> Result<Operand, PathError> {
    cursor.expect("/")?;
    let mut pattern = String::from("^(?:");
    loop {
        match cursor.bump().ok_or(PathError::Invalid)? {
            '/' => break,
            '\\' if cursor.take("/") => pattern.push('/'),
            '\\' => {
                pattern.push('\\');
                pattern.extend(cursor.bump());
            }
            next => pattern.push(next),
        }
    }
    pattern.push_str(")$");
    let flags = cursor.take_while(|next| next.is_ascii_alphabetic());
    RegexBuilder::new(&pattern)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .ignore_whitespace(flags.contains('x'))
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build()
        .map(Operand::Pattern)
        .map_err(|_| PathError::Invalid)
}
