//! Values as text inside a longer text (`conductor-semantics` 7.2 rule 7, quirk 46).

use std::fmt::Write as _;

use serde_json::Value;

/// How maps and lists are written inside a longer text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rendering {
    /// As JSON.
    #[default]
    Json,
    /// As the reference server wrote them: `{a=1}` and `[1, 2]`.
    Java,
}

/// Appends a value: null as `null`, strings raw, the rest as its rendering says.
pub(super) fn append(out: &mut String, value: &Value, rendering: Rendering) {
    match (value, rendering) {
        (Value::String(text), _) => out.push_str(text),
        (Value::Array(items), Rendering::Java) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                append(out, item, rendering);
            }
            out.push(']');
        }
        (Value::Object(map), Rendering::Java) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(key);
                out.push('=');
                append(out, item, rendering);
            }
            out.push('}');
        }
        (other, _) => write!(out, "{other}").expect("writing into a string cannot fail"),
    }
}

/// A value as text of its own.
pub(super) fn text_of(value: &Value, rendering: Rendering) -> String {
    let mut out = String::new();
    append(&mut out, value, rendering);
    out
}
