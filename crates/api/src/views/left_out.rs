//! Payloads above their threshold: an answer carries their path instead (`conductor-rest` 7.3).

use fermata_types::{Payload, Threshold};
use serde_json::value::RawValue;

use crate::external::PayloadPath;

/// The payload as an answer carries it: itself, or `{}` and where to get it.
pub(crate) fn shown(
    payload: &Payload,
    threshold: Threshold,
    path: PayloadPath,
) -> (Box<RawValue>, Option<String>) {
    if threshold.leaves_out(payload.len()) {
        (Payload::empty_object().to_raw(), Some(path.to_string()))
    } else {
        (payload.to_raw(), None)
    }
}
