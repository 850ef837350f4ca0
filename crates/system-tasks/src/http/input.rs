//! What a task asks for: `http_request`, or the same keys at the top of its input.

use std::time::Duration;

use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use serde_json::Value;

use crate::http::body;
use crate::http::limits::{
    CONNECT_DEFAULT, CONNECT_FOR_NULL, READ_DEFAULT, READ_FOR_NULL, REQUEST_HEAD_MAX,
    REQUEST_HEADERS_MAX, WAIT_MAX,
};
use crate::http::uri::Target;

/// A request that can be sent.
#[derive(Debug)]
pub(super) struct Asked {
    /// Where to.
    pub(super) target: Target,
    /// The method, in capitals.
    pub(super) method: Method,
    /// The headers, `Host` and the body's length aside.
    pub(super) headers: HeaderMap,
    /// The body; empty for none.
    pub(super) body: Vec<u8>,
    /// Time to connect.
    pub(super) connect: Duration,
    /// Time without a byte of the answer.
    pub(super) read: Duration,
}

impl Asked {
    /// Reads an input.
    ///
    /// # Errors
    /// What is wrong with it, naming the field and never its value.
    pub(super) fn read(input: &Value) -> Result<Self, String> {
        let request = match input.get("http_request") {
            Some(request) if !request.is_null() => request,
            _ => input,
        };
        let text = |field: &str| match request.get(field) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.as_str()),
            _ => None,
        };
        let Some(uri) = text("uri") else {
            return Err("Missing HTTP URI.  See documentation for HttpTask for required input \
                        parameters"
                .to_owned());
        };
        let Some(method) = text("method") else {
            return Err("No HTTP method specified".to_owned());
        };
        let method = Method::from_bytes(method.trim().to_ascii_uppercase().as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT)
            .ok_or("method: not a method of HTTP that can be used here")?;
        let content_type = text("contentType").unwrap_or("application/json");
        let headers = headers(request, content_type)?;
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let body = match request.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(body) => body::written(body, kind)?,
        };
        let connect = wait(request, "connectionTimeOut", CONNECT_DEFAULT, CONNECT_FOR_NULL)?;
        let read = wait(request, "readTimeOut", READ_DEFAULT, READ_FOR_NULL)?;
        Ok(Self { target: Target::parse(uri)?, method, headers, body, connect, read })
    }
}

fn headers(request: &Value, content_type: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_str(content_type.trim())
        .map_err(|_| "contentType: not a value of a header")?;
    headers.insert(CONTENT_TYPE, kind);
    let accept = match request.get("accept") {
        None | Some(Value::Null) => "application/json".to_owned(),
        Some(Value::String(accept)) => accept.clone(),
        Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Some(_) => return Err("accept: neither text nor a list".to_owned()),
    };
    let accept = HeaderValue::from_str(&accept).map_err(|_| "accept: not a value of a header")?;
    headers.insert(ACCEPT, accept);
    let given = match request.get("headers") {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(given)) => given,
        Some(_) => return Err("headers: not an object".to_owned()),
    };
    if given.len() > REQUEST_HEADERS_MAX {
        return Err(format!("headers: more than {REQUEST_HEADERS_MAX}"));
    }
    let mut size = 0;
    for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let value = plain(value);
        size += name.len() + value.len();
        if size > REQUEST_HEAD_MAX {
            return Err(format!("headers: more than {REQUEST_HEAD_MAX} bytes"));
        }
        let wrong = || format!("headers.{name}: not a header of HTTP");
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        if is_ours(&parsed) {
            continue;
        }
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// Headers that say how the message is framed are the sender's alone.
fn is_ours(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "content-length"
            | "transfer-encoding"
            | "connection"
            | "host"
            | "te"
            | "trailer"
            | "upgrade"
            | "keep-alive"
            | "proxy-connection"
            | "expect"
    )
}

/// Text as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn wait(
    request: &Value,
    field: &str,
    default: Duration,
    for_null: Duration,
) -> Result<Duration, String> {
    let ms = match request.get(field) {
        None => return Ok(default),
        Some(Value::Null) => return Ok(for_null),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    match ms {
        None => Err(format!("{field}: not a number of milliseconds")),
        Some(0) => Ok(WAIT_MAX),
        Some(ms) => Ok(Duration::from_millis(ms).min(WAIT_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_are_read() {
        let plain = json!({"uri": "http://h/", "method": "post", "body": {"a": 1}});
        for input in [json!({ "http_request": plain, "uri": "nonsense" }), plain.clone()] {
            let asked = Asked::read(&input).expect("an input");
            assert_eq!(asked.method, Method::POST);
            assert_eq!(asked.body, br#"{"a":1}"#);
            assert_eq!(asked.headers[CONTENT_TYPE], "application/json");
            assert_eq!(asked.headers[ACCEPT], "application/json");
            assert_eq!((asked.connect, asked.read), (CONNECT_DEFAULT, READ_DEFAULT));
        }
    }

    #[test]
    fn every_field_counts() {
        let input = json!({
            "uri": "https://h:1/p", "method": "PUT", "accept": ["text/plain", "a/b"],
            "contentType": "text/plain", "body": "hello", "connectionTimeOut": "50",
            "readTimeOut": 0, "vipAddress": "ignored", "appName": "ignored",
            "headers": {"X-A": 1, "x-b": null, "X-C": "c", "Host": "other", "Content-Length": "9"}
        });
        let asked = Asked::read(&input).expect("an input");
        assert_eq!(asked.headers[ACCEPT], "text/plain, a/b");
        assert_eq!(asked.body, b"hello");
        assert_eq!(
            (asked.headers.get("x-a"), asked.headers.get("x-b")),
            (Some(&HeaderValue::from_static("1")), None)
        );
        assert_eq!(asked.headers.get("host"), None);
        assert_eq!(asked.headers.len(), 4);
        assert_eq!((asked.connect, asked.read), (Duration::from_millis(50), WAIT_MAX));
        let nulls = json!({"uri": "http://h", "method": "GET", "connectionTimeOut": null,
            "readTimeOut": null, "headers": null, "accept": null, "body": null});
        let asked = Asked::read(&nulls).expect("an input");
        assert_eq!((asked.connect, asked.read), (CONNECT_FOR_NULL, READ_FOR_NULL));
        assert!(asked.body.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |field: &str, value: Value| {
            let mut input = json!({"uri": "http://h/", "method": "GET"});
            input[field] = value;
            Asked::read(&input).expect_err("a refusal")
        };
        assert!(with("uri", json!(null)).starts_with("Missing HTTP URI.  See"));
        assert_eq!(with("method", json!("")), "No HTTP method specified");
        for (field, value) in [
            ("method", json!("CONNECT")),
            ("method", json!("G T")),
            ("accept", json!(7)),
            ("accept", json!("a\nb")),
            ("contentType", json!("a\nb")),
            ("headers", json!("x")),
            ("connectionTimeOut", json!("soon")),
            ("readTimeOut", json!(-1)),
            ("uri", json!("ftp://h/")),
        ] {
            let said = with(field, value.clone());
            assert!(said.starts_with(&format!("{field}: ")), "{field} {value}: {said}");
        }
        assert!(with("headers", json!({"a b": 1})).starts_with("headers.a b: "));
        assert!(with("headers", json!({"a": "secret\n"})).starts_with("headers.a: "));
    }
}
