//! Reading what clients really send (`conductor-rest` 0, `sdk-calls` 1).
//!
//! Functions for `#[serde(deserialize_with = …)]`: null for a primitive is 0 or false, null for a
//! list or map is its default, `"1"` reads as a number, numbers and booleans read as texts, whole
//! numbers read as booleans, fractions are cut off. Whatever has no sensible reading is an error
//! whose text says what was expected.

mod container;
mod scalar;
mod stack;

pub use container::{
    json_map, list, list_map, lists, opt_json_map, or_default, payload, text_list, text_map,
};
pub use scalar::{
    boolean, boolean_text, int, long, opt_boolean, opt_int, opt_long, opt_text, text,
};
pub use stack::READER_STACK_BYTES;
