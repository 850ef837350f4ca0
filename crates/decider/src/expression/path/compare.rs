//! Relations between two values in a filter.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::filter::{Operator, Side};

/// The answer, and how many values it cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth {
    pub(super) holds: bool,
    pub(super) looked_at: usize,
}

/// Whether the relation holds. What cannot be compared does not.
pub(super) fn holds(left: &Side<'_>, operator: Operator, right: &Side<'_>) -> Truth {
    let (left, right) = match (left, right) {
        (Side::Value(left), Side::Value(right)) => (left.as_ref(), right.as_ref()),
        (Side::Value(value), Side::Pattern(pattern))
        | (Side::Pattern(pattern), Side::Value(value)) => {
            let text = match value.as_ref() {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Truth { holds: false, looked_at: 1 },
            };
            let holds = operator == Operator::Matches && pattern.is_match(&text);
            return Truth { holds, looked_at: 1 + text.len() / 64 };
        }
        (Side::Pattern(_), Side::Pattern(_)) => return Truth { holds: false, looked_at: 1 },
    };
    let looked_at = 1 + size(left).max(1).saturating_mul(size(right).max(1));
    Truth { holds: related(left, operator, right), looked_at }
}

/// Elements a comparison may have to go through.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        Value::String(text) => text.len() / 64,
        _ => 1,
    }
}

fn related(left: &Value, operator: Operator, right: &Value) -> bool {
    let order = || ordering(left, right);
    match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::SameAs => same_kind(left, right) && equal(left, right),
        Operator::NotSameAs => !(same_kind(left, right) && equal(left, right)),
        Operator::Less => order() == Some(Ordering::Less),
        Operator::AtMost => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order() == Some(Ordering::Greater),
        Operator::AtLeast => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Operator::Matches => false,
        Operator::In => right.as_array().is_some_and(|list| is_in(left, list)),
        Operator::NotIn => right.as_array().is_none_or(|list| !is_in(left, list)),
        Operator::SubsetOf => {
            lists(left, right).is_some_and(|(some, all)| some.iter().all(|item| is_in(item, all)))
        }
        Operator::AnyOf => {
            lists(left, right).is_some_and(|(some, all)| some.iter().any(|item| is_in(item, all)))
        }
        Operator::NoneOf => {
            lists(left, right).is_some_and(|(some, all)| !some.iter().any(|item| is_in(item, all)))
        }
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            (Value::Array(list), item) => is_in(item, list),
            _ => false,
        },
        Operator::Size => {
            length(left).is_some_and(|length| right.as_u64() == u64::try_from(length).ok())
        }
        Operator::Empty => length(left).is_some_and(|length| right.as_bool() == Some(length == 0)),
    }
}

/// A text in UTF-16 units, as the reference server counts; lists and maps in elements.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.encode_utf16().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(map) => Some(map.len()),
        _ => None,
    }
}

fn lists<'v>(left: &'v Value, right: &'v Value) -> Option<(&'v [Value], &'v [Value])> {
    Some((left.as_array()?, right.as_array()?))
}

fn is_in(item: &Value, list: &[Value]) -> bool {
    list.iter().any(|other| equal(item, other))
}

fn same_kind(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// Numbers by value; a number and a text by what the left one is.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            numbers(left, right) == Some(Ordering::Equal)
        }
        (Value::Number(left), Value::String(right)) => serde_json::from_str::<Number>(right.trim())
            .is_ok_and(|right| numbers(left, &right) == Some(Ordering::Equal)),
        (Value::String(left), Value::Number(right)) => *left == right.to_string(),
        _ => left == right,
    }
}

fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Integers exactly, everything else as doubles.
fn numbers(left: &Number, right: &Number) -> Option<Ordering> {
    let integer = |number: &Number| {
        number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
    };
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
