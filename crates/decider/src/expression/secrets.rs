//! Secrets, put into a copy of an input when it is handed out (`conductor-semantics` 7.5).

use serde_json::Value;

use super::budget::Budget;
use super::path::Path;
use super::resolve::inside_json;
use super::scan::occurrences;
use super::target::{SECRETS, split_name};
use super::text::{Rendering, append};

/// Whether a value holds `${workflow.secrets.…}` somewhere, so that most inputs need no copy.
#[must_use]
pub fn has_secrets(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(SECRETS) && text.contains("${"),
        Value::Array(items) => items.iter().any(has_secrets),
        Value::Object(map) => map.values().any(has_secrets),
        _ => false,
    }
}

/// A copy with each `${workflow.secrets.NAME}` replaced by what `secret` says. A secret that is
/// not there is null where it is the whole text and nothing inside a longer one. The copy is for
/// the one who carries the task out; it is never stored.
#[must_use]
pub fn fill_secrets(value: &Value, secret: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => fill_text(text, secret),
        Value::Array(items) => items.iter().map(|item| fill_secrets(item, secret)).collect(),
        Value::Object(map) => Value::Object(
            map.iter().map(|(key, item)| (key.clone(), fill_secrets(item, secret))).collect(),
        ),
        other => other.clone(),
    }
}

fn fill_text(text: &str, secret: &dyn Fn(&str) -> Option<String>) -> Value {
    let mut out = String::new();
    let mut at = 0;
    for found in occurrences(text) {
        let Some(rest) = found.path.strip_prefix(SECRETS) else { continue };
        let value = look_up(rest, secret);
        if found.start == 0 && found.end == text.len() {
            return value.unwrap_or(Value::Null);
        }
        out.push_str(text.get(at..found.start).unwrap_or(""));
        append(&mut out, &value.unwrap_or_else(|| Value::from("")), Rendering::Json);
        at = found.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Value::String(out)
}

/// `NAME`, or `NAME.path` into a secret that holds JSON.
fn look_up(text: &str, secret: &dyn Fn(&str) -> Option<String>) -> Option<Value> {
    let (name, tail) = split_name(text);
    let found = secret(name)?;
    let Some(tail) = tail else { return Some(Value::String(found)) };
    let path = Path::parse(&format!("${tail}")).ok()?;
    inside_json(&found, &path, &mut Budget::new()).ok().filter(|value| !value.is_null())
}
