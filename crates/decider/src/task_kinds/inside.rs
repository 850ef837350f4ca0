//! Types that the server's own worker carries out: queued like a worker's task, but never with a
//! domain (`conductor-semantics` 1.8), and IN_PROGRESS while somebody else is to complete them
//! (1.4 rule 5).

use fermata_types::{Payload, Span};
use serde_json::Value;

/// The types.
pub const TYPES: &[&str] = &["HTTP"];

/// Time after which an attempt without a sign of life is lost, where the task definition says
/// nothing (`conductor-semantics` 0.6 step 5).
pub const RESPONSE_TIMEOUT: Span = Span::from_seconds(3600);

/// Input key that says whether somebody else completes the task once the worker has begun it.
pub const ASYNC_COMPLETE: &str = "asyncComplete";

/// The input with [`ASYNC_COMPLETE`] in it: the definition's, unless the input has its own.
pub(crate) fn with_async_complete(input: &Payload, given: bool) -> Payload {
    let Value::Object(mut input) = input.to_value() else { return input.clone() };
    if !input.get(ASYNC_COMPLETE).is_some_and(Value::is_boolean) {
        input.insert(ASYNC_COMPLETE.to_owned(), Value::from(given));
    }
    Payload::from_value(&Value::Object(input))
}
