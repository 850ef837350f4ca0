//! What the task's output says about an answer.

use fermata_decider::command::ReportedStatus;
use fermata_types::Payload;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::http::exchange::Answered;
use crate::http::limits::ANSWER_DEPTH_MAX;
use crate::task::{Ended, Outcome};

/// The prefix of reasons that the reference server gives.
const FAILED: &str = "Failed to invoke HTTP task due to: ";
/// How it calls what went wrong.
const EXCEPTION: &str = "java.lang.Exception: ";

/// An answer as an outcome.
pub(super) fn outcome(answered: &Answered, is_async_complete: bool) -> Outcome {
    let status = answered.status;
    if status.is_success() {
        let status =
            if is_async_complete { ReportedStatus::InProgress } else { ReportedStatus::Completed };
        let output = format!(r#"{{"response":{}}}"#, shown(answered, true));
        return Outcome { status, output: trusted(output), reason: None, ended: Ended::Completed };
    }
    if !status.is_client_error() && !status.is_server_error() {
        return Outcome {
            status: ReportedStatus::Failed,
            output: trusted(format!(r#"{{"response":{}}}"#, shown(answered, false))),
            reason: Some("No response from the remote service".to_owned()),
            ended: Ended::Refused,
        };
    }
    let text = text(answered);
    let quoted = if text.is_empty() {
        "[no body]".to_owned()
    } else {
        format!("\"{}\"", on_one_line(&text))
    };
    let what = format!("{EXCEPTION}{} {}: {quoted}", status.as_u16(), phrase(answered));
    // The reference server tells no more than the text; the rest stands beside it (quirk 40).
    let response = Value::from(what.as_str());
    let whole = shown(answered, true);
    let output = format!(r#"{{"response":{response},"errorResponse":{whole}}}"#);
    Outcome {
        status: ReportedStatus::Failed,
        output: trusted(output),
        reason: Some(format!("{FAILED}{what}")),
        ended: Ended::Refused,
    }
}

/// No answer.
pub(super) fn unanswered(what: &str, status: ReportedStatus, ended: Ended) -> Outcome {
    let what = format!("{EXCEPTION}{what}");
    Outcome {
        status,
        output: Payload::from_value(&json!({ "response": what })),
        reason: Some(format!("{FAILED}{what}")),
        ended,
    }
}

/// An input that asks for nothing that can be done.
pub(super) fn invalid(reason: String) -> Outcome {
    Outcome {
        status: ReportedStatus::Failed,
        output: Payload::empty_object(),
        reason: Some(reason),
        ended: Ended::Invalid,
    }
}

fn trusted(json: String) -> Payload {
    Payload::trusted(json.into())
}

fn phrase(answered: &Answered) -> &'static str {
    answered.status.canonical_reason().unwrap_or("")
}

/// The answer as JSON.
fn shown(answered: &Answered, with_body: bool) -> String {
    let head = json!({
        "headers": headers(&answered.headers),
        "statusCode": answered.status.as_u16(),
        "reasonPhrase": phrase(answered),
    });
    let body = if with_body { body(answered) } else { "null".to_owned() };
    let head = head.to_string();
    let head = head.strip_suffix('}').unwrap_or("{");
    format!(r#"{head},"body":{body}}}"#)
}

/// The body as JSON: an object or a list as it is, a number as a decimal, anything else as text
/// (`conductor-semantics` 5.18).
fn body(answered: &Answered) -> String {
    if answered.body.is_empty() {
        return "null".to_owned();
    }
    let json = std::str::from_utf8(&answered.body).ok().map(str::trim);
    let json = json.filter(|json| !is_too_deep(json));
    let json = json.filter(|json| serde_json::from_str::<&RawValue>(json).is_ok());
    let text = match json {
        Some(json) if json.starts_with(['{', '[']) => return json.to_owned(),
        Some(json) => match serde_json::from_str(json) {
            Ok(Value::Number(number)) => match number.as_f64() {
                Some(number) => return Value::from(number).to_string(),
                None => json.to_owned(),
            },
            Ok(Value::String(text)) => text,
            _ => json.to_owned(),
        },
        None => text(answered),
    };
    Value::from(text).to_string()
}

fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > ANSWER_DEPTH_MAX {
            return true;
        }
    }
    false
}

/// The body as text: Latin-1 where it says so, else UTF-8.
fn text(answered: &Answered) -> String {
    let kind = answered.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("").to_ascii_lowercase();
    if kind.contains("charset=iso-8859-1") || kind.contains("charset=\"iso-8859-1\"") {
        return answered.body.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(&answered.body).into_owned()
}

fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => line.push_str("<EOL>"),
            other if other.is_control() => line.push('?'),
            other => line.push(other),
        }
    }
    line
}

/// Name and values, in the order of their coming.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| Value::from(String::from_utf8_lossy(value.as_bytes())));
        shown.insert(spelled(name), values.collect());
    }
    shown
}

/// A header's name as servers usually spell it: HTTP does not tell them apart, expressions do.
fn spelled(name: &HeaderName) -> String {
    match name.as_str() {
        "etag" => return "ETag".to_owned(),
        "www-authenticate" => return "WWW-Authenticate".to_owned(),
        "content-md5" => return "Content-MD5".to_owned(),
        _ => {}
    }
    let mut is_first = true;
    let spell = |character: char| {
        let spelled = if is_first { character.to_ascii_uppercase() } else { character };
        is_first = character == '-';
        spelled
    };
    name.as_str().chars().map(spell).collect()
}
