//! Results as JSON. The values of jaq can be more than JSON: byte strings, objects with keys of
//! any kind, numbers that are none.

use std::io::Write as _;

use jaq_json::{Num, Val};
use serde_json::value::RawValue;

use crate::limits::RESULT_DEPTH_MAX;

/// Why a result cannot be had as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotJson {
    #[error("the result is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the result is nested deeper than {RESULT_DEPTH_MAX} levels")]
    TooDeep,
    #[error("the key of an object is no string")]
    Key,
    #[error("a byte string cannot be a result")]
    Bytes,
}

/// JSON text that may not grow beyond a limit.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    max: usize,
}

impl Text {
    /// Nothing yet, and at most `max` bytes later.
    pub(super) const fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max }
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes these bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), NotJson> {
        if self.bytes.len().saturating_add(bytes.len()) > self.max {
            return Err(NotJson::TooLarge(self.max));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes a value that stands at that depth.
    pub(super) fn value(&mut self, value: &Val, depth: usize) -> Result<(), NotJson> {
        if depth > RESULT_DEPTH_MAX {
            return Err(NotJson::TooDeep);
        }
        match value {
            Val::Null => self.raw(b"null"),
            Val::Bool(true) => self.raw(b"true"),
            Val::Bool(false) => self.raw(b"false"),
            Val::Num(number) => self.number(number),
            Val::TStr(text) => self.string(text),
            Val::BStr(_) => Err(NotJson::Bytes),
            Val::Arr(items) => {
                let mut before: &[u8] = b"[";
                for item in items.iter() {
                    self.raw(before)?;
                    self.value(item, depth + 1)?;
                    before = b",";
                }
                if items.is_empty() {
                    self.raw(b"[")?;
                }
                self.raw(b"]")
            }
            Val::Obj(map) => {
                let mut before: &[u8] = b"{";
                for (key, item) in map.iter() {
                    let Val::TStr(key) = key else { return Err(NotJson::Key) };
                    self.raw(before)?;
                    self.string(key)?;
                    self.raw(b":")?;
                    self.value(item, depth + 1)?;
                    before = b",";
                }
                if map.is_empty() {
                    self.raw(b"{")?;
                }
                self.raw(b"}")
            }
        }
    }

    /// As jq does: what is no number is null, what is infinite is the largest number.
    fn number(&mut self, number: &Num) -> Result<(), NotJson> {
        match number {
            Num::Float(number) if number.is_nan() => self.raw(b"null"),
            Num::Float(number) => {
                let number = number.clamp(f64::MIN, f64::MAX);
                serde_json::to_writer(&mut *self, &number).map_err(|_| self.full())
            }
            Num::Dec(text) if serde_json::from_str::<&RawValue>(text).is_err() => self.raw(b"null"),
            Num::Int(_) | Num::BigInt(_) | Num::Dec(_) => {
                write!(self, "{number}").map_err(|_| self.full())
            }
        }
    }

    fn string(&mut self, text: &[u8]) -> Result<(), NotJson> {
        let text = String::from_utf8_lossy(text);
        serde_json::to_writer(&mut *self, &text).map_err(|_| self.full())
    }

    /// The one reason for which writing fails.
    const fn full(&self) -> NotJson {
        NotJson::TooLarge(self.max)
    }
}

impl std::io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.raw(bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
