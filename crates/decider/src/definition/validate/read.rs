//! Reading fields of raw definitions. A wrong type is `fields`' finding and nobody else's, so
//! readers tell it apart from an absent field.

use serde_json::{Map, Value};

/// A field, with null as absent.
pub(super) fn present<'a>(map: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    map.get(field).filter(|value| !value.is_null())
}

/// Whether a text field is absent or has nothing but space.
pub(super) fn is_blank(map: &Map<String, Value>, field: &str) -> bool {
    match present(map, field) {
        None => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// A text field; a wrong type reads as absent.
pub(super) fn text<'a>(map: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    map.get(field).and_then(Value::as_str)
}

/// An integer field with its default; a wrong type reads as the default.
pub(super) fn integer(map: &Map<String, Value>, field: &str, default: i64) -> i64 {
    map.get(field).and_then(Value::as_i64).unwrap_or(default)
}

/// Whether a list or map field has no elements; an absent one has none, a wrong type counts as
/// having some.
pub(super) fn is_empty(map: &Map<String, Value>, field: &str) -> bool {
    match present(map, field) {
        None => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        Some(_) => false,
    }
}
