//! Payloads: JSON that travels as the bytes it came in, parsed only when an expression asks.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Raw bytes of one valid JSON value. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload(Bytes);

/// Bytes that are not one JSON value.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON value: {0}")]
pub struct PayloadError(#[source] serde_json::Error);

impl Payload {
    /// `{}`.
    #[must_use]
    pub const fn empty_object() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// `null`.
    #[must_use]
    pub const fn null() -> Self {
        Self(Bytes::from_static(b"null"))
    }

    /// Takes bytes that a JSON parser has to accept first.
    ///
    /// # Errors
    /// The bytes are not exactly one JSON value in UTF-8.
    pub fn parse(bytes: Bytes) -> Result<Self, PayloadError> {
        serde_json::from_slice::<&RawValue>(&bytes).map_err(PayloadError)?;
        Ok(Self(bytes))
    }

    /// From a raw value, which a JSON parser has already accepted.
    #[must_use]
    pub fn from_raw(raw: Box<RawValue>) -> Self {
        let text: Box<str> = raw.into();
        Self(Bytes::from(String::from(text).into_bytes()))
    }

    /// Writes a parsed value down.
    #[must_use]
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self(Bytes::from(value.to_string().into_bytes()))
    }

    /// Takes bytes this program wrote itself, or checked when they came in (rows read back).
    #[must_use]
    pub const fn trusted(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true for a valid payload; here because `len` is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the object without keys, as written by this program or most clients.
    #[must_use]
    pub fn is_empty_object(&self) -> bool {
        let mut inside = self.0.iter().filter(|byte| !byte.is_ascii_whitespace());
        inside.next() == Some(&b'{') && inside.next() == Some(&b'}')
    }

    /// Whether the value is a JSON object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
    }

    /// The parsed value; a payload nested too deeply for the parser reads as null.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0).unwrap_or(serde_json::Value::Null)
    }

    /// The payload as raw JSON for an answer.
    #[must_use]
    pub fn to_raw(&self) -> Box<RawValue> {
        std::str::from_utf8(&self.0)
            .ok()
            .and_then(|text| RawValue::from_string(text.to_owned()).ok())
            .unwrap_or_else(|| RawValue::NULL.to_owned())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 200;
        let text = String::from_utf8_lossy(self.0.get(..SHOWN).unwrap_or(&self.0)).into_owned();
        let dots = if self.0.len() > SHOWN { "…" } else { "" };
        write!(f, "{text}{dots}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_json_value_is_a_payload() {
        assert!(Payload::parse(Bytes::from_static(br#"{"a":[1,2.50]}"#)).is_ok());
        for bad in [&b""[..], b"{", b"{} {}", b"\xff", b"nul"] {
            assert!(Payload::parse(Bytes::from_static(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let payload = Payload::parse(Bytes::from_static(b"{\"n\":1.50e3}")).expect("valid");
        assert_eq!(payload.to_raw().get(), "{\"n\":1.50e3}");
    }
}
