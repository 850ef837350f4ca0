//! A request's body, written as its content type says.

use serde_json::Value;

use crate::http::input::plain;
use crate::http::limits::REQUEST_BODY_MAX;

/// The bytes of a body.
///
/// # Errors
/// The content type has no form for such a value, or the body is too large.
pub(super) fn written(body: &Value, content_type: &str) -> Result<Vec<u8>, String> {
    let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let text = match body {
        Value::String(text) => text.clone(),
        _ if kind == "application/x-www-form-urlencoded" => form(body)?,
        Value::Object(_) | Value::Array(_) if !is_json(&kind) => {
            return Err(format!("body: an object or a list cannot be written as {kind}"));
        }
        other => other.to_string(),
    };
    if text.len() > REQUEST_BODY_MAX {
        return Err(format!("body: larger than {REQUEST_BODY_MAX} bytes"));
    }
    Ok(text.into_bytes())
}

/// Whether a media type, in small letters and without parameters, is JSON.
pub(super) fn is_json(kind: &str) -> bool {
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json") || kind == "*/*"
}

fn form(body: &Value) -> Result<String, String> {
    let wrong = || "body: a form is an object of texts and lists of texts".to_owned();
    let mut pairs = Vec::new();
    for (name, value) in body.as_object().ok_or_else(wrong)? {
        match value {
            Value::Null => {}
            Value::Array(items) => pairs.extend(items.iter().map(|item| (name, plain(item)))),
            Value::Object(_) => return Err(wrong()),
            other => pairs.push((name, plain(other))),
        }
    }
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    Ok(pairs.collect::<Vec<_>>().join("&"))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'*' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_follow_their_content_type() {
        let write = |body: Value, kind| {
            written(&body, kind).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
        };
        let json = "application/json; charset=utf-8";
        assert_eq!(
            write(json!({"b": 1, "a": [true]}), json).as_deref(),
            Ok(r#"{"b":1,"a":[true]}"#)
        );
        assert_eq!(write(json!("{\"a\":1}"), json).as_deref(), Ok("{\"a\":1}"));
        assert_eq!(write(json!(7), "text/plain").as_deref(), Ok("7"));
        assert_eq!(write(json!([1]), "application/vnd.x+json").as_deref(), Ok("[1]"));
        let kind = "application/x-www-form-urlencoded";
        let form = json!({"a b": "x&y", "n": [1, "é"], "z": null});
        assert_eq!(write(form, kind).as_deref(), Ok("a+b=x%26y&n=1&n=%C3%A9"));
        assert_eq!(write(json!("a=1"), kind).as_deref(), Ok("a=1"));
        for (body, kind) in [(json!({"a": {}}), kind), (json!([1]), kind), (json!({}), "text/xml")]
        {
            let said = write(body, kind).expect_err("a refusal");
            assert!(said.starts_with("body: "), "{said}");
        }
    }
}
