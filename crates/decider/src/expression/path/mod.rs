//! Paths: Jayway's dialect of JSONPath, compiled once and walked over borrowed values.
//!
//! [`Path`] is the compiled form, `parse` makes it (filters in `parse_filter`), `walk` follows it,
//! `filter` and `function` decide what their steps select. Where the dialect and RFC 9535 differ,
//! the dialect wins: definitions written for the reference server depend on it, which is also why
//! no library for the RFC is used. Each walk is counted against the resolution's budget.

mod compare;
mod cursor;
mod filter;
mod function;
mod parse;
mod parse_filter;
mod step;
mod walk;

pub use step::{Path, PathError};
pub(super) use walk::{Root, Start, Stop, evaluate};
