//! The words of failures (`conductor-semantics` 5.19).

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Object, Value};

use crate::limits::{Limits, MESSAGE_CHARS_MAX, QUOTE_CHARS_MAX, SOURCE_MAX};

/// What a script threw, as far as it can be told.
#[derive(Debug)]
pub(crate) struct Thrown {
    /// The line of the script, from 1.
    pub(crate) line: Option<u32>,
    /// Name and message.
    pub(crate) message: String,
}

/// Takes the pending exception. Reading it may run code of the script, within its limits.
pub(crate) fn thrown(ctx: &Ctx<'_>, script_name: &str) -> Thrown {
    let value = ctx.catch();
    // Where not even the error fits into memory the engine throws null.
    if value.is_null() || value.is_undefined() || value.is_uncatchable_error() {
        return Thrown { line: None, message: "out of memory, or null was thrown".to_owned() };
    }
    let Some(error) = value.as_object().filter(|_| value.is_error()) else {
        return Thrown { line: None, message: text(&value).unwrap_or_else(unreadable) };
    };
    let name = property(error, "name").unwrap_or_else(|| "Error".to_owned());
    let message = match property(error, "message") {
        Some(message) if !message.is_empty() => format!("{name}: {message}"),
        _ => name,
    };
    let line = property(error, "stack").and_then(|stack| line_in(&stack, script_name));
    Thrown { line, message }
}

fn unreadable() -> String {
    "a value without a text was thrown".to_owned()
}

fn property(error: &Object<'_>, name: &str) -> Option<String> {
    let value: Value<'_> = error.get(name).ok()?;
    if value.is_undefined() { None } else { text(&value) }
}

fn text(value: &Value<'_>) -> Option<String> {
    let text = value.get::<Coerced<String>>().ok().map(|text| text.0);
    if text.is_none() {
        // The attempt may have thrown, too; nobody is interested any more.
        value.ctx().catch();
    }
    text
}

/// The line of the first frame that names the script.
fn line_in(stack: &str, script_name: &str) -> Option<u32> {
    let (_, position) = stack.split_once(&format!("{script_name}:"))?;
    let end = position.find(|character: char| !character.is_ascii_digit())?;
    position.get(..end)?.parse().ok()
}

/// A failure of a script.
pub(crate) fn failed(source: &str, line: Option<u32>, message: &str) -> String {
    let quote = cut(source, QUOTE_CHARS_MAX);
    let message = cut(message, MESSAGE_CHARS_MAX);
    match line {
        Some(line) => format!("Error evaluating the script `{quote}` at line {line}: {message}"),
        None => format!("Error evaluating the script `{quote}`: {message}"),
    }
}

/// A script out of time.
pub(crate) fn timed_out(limits: &Limits) -> String {
    format!("Script not evaluated within {} seconds, interrupted.", limits.wall.as_secs())
}

/// A script over the limit of operations.
pub(crate) fn too_many_operations(limits: &Limits) -> String {
    format!("more than {} operations, interrupted", limits.operations)
}

/// A source over the limit.
pub(crate) fn too_long() -> String {
    format!("the script is longer than {SOURCE_MAX} bytes")
}

fn cut(text: &str, chars_max: usize) -> &str {
    text.char_indices().nth(chars_max).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
